/* link_url.c - one of two, chosen once. */
#include "core/redis/link_url.h"

#include <stdlib.h>

#include "core/base/mem.h"

struct link_url {
    link_uv *single; /* one of them is NULL */
    router_cluster *cluster;
};

link_url *link_url_new(struct uv_loop_s *loop, const redis_url *url, scripts *s, const link_uv_options *options) {
    link_url *link = mem_zalloc(1, sizeof *link);
    if (url->cluster)
        link->cluster = router_cluster_new(loop, url, s, options);
    else
        link->single = link_uv_new(loop, url, s, options);
    return link;
}

link_url *link_url_free(link_url *link) {
    if (!link) return NULL;
    router_cluster_free(link->cluster);
    link_uv_free(link->single);
    free(link);
    return NULL;
}

redis_link link_url_interface(const link_url *link) {
    return link->cluster ? router_cluster_interface(link->cluster) : link_uv_interface(link->single);
}

bool link_url_ready(const link_url *link) {
    return link->cluster ? router_cluster_ready(link->cluster) : link_uv_ready(link->single);
}

link_uv_counts link_url_count(const link_url *link) {
    return link->cluster ? router_cluster_count(link->cluster).calls : link_uv_count(link->single);
}
