/* link_url.h - the link to what a URL names: one server (link_uv.h) or a cluster (router_cluster.h), for those who do not care which.
 * What holds of either holds here. */
#ifndef CORE_REDIS_LINK_URL_H
#define CORE_REDIS_LINK_URL_H

#include "core/redis/router_cluster.h"

typedef struct link_url link_url;

link_url *link_url_new(struct uv_loop_s *loop, const redis_url *url, scripts *s, const link_uv_options *options);
/* Takes NULL, returns NULL. */
link_url *link_url_free(link_url *link);
redis_link link_url_interface(const link_url *link);
bool link_url_ready(const link_url *link);
link_uv_counts link_url_count(const link_url *link);

#endif
