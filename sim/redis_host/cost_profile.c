/* cost_profile.c - the default profile. */
#include "sim/redis_host/cost_model.h"

#define ROW                                                                                                            \
    { .base_usec = 10, .usec_per_byte = 0, .cv = 0.2 }

const cost_profile cost_profile_default = {.command = ROW};
