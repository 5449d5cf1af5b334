/* link.c - names for logs and events; what a link does is up to those who implement it. */
#include "core/redis/link.h"

const char *link_status_name(link_status status) {
    switch (status) {
    case LINK_OK: return "ok";
    case LINK_ERROR: return "error";
    case LINK_REFUSED: return "refused";
    case LINK_FULL: return "full";
    case LINK_UNKNOWN: return "unknown";
    }
    return "?";
}
