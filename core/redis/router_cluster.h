/* router_cluster.h - the link over a Redis Cluster: each call goes to the master that has its slot.
 *
 * core/redis/link.h has the contract, what a cluster relaxes of it included; what it leaves open is said here.
 *
 * Nodes       A link_uv to each node of the map, replicas included: so the new master is connected, with all scripts, before it
 *             becomes one, and somebody is left to be asked. The map (CLUSTER SLOTS) is read from any node that is ready: at the
 *             start, when a node is lost, and when a call was turned away; at most every 50 ms.
 * Where       The slot of the argument that call_key() put first; without one it goes to any master that is ready, and stands in no
 *             order with others. A key that was put otherwise is found by the first answer, MOVED.
 * Turned away A call that a node refuses to execute is repeated within its patience, unseen by the caller: MOVED at the node that
 *             is named, which also corrects the map; ASK there, with ASKING; TRYAGAIN, CLUSTERDOWN and LOADING after 20 ms; so
 *             also from the fourth time on whatever it was. A slot whose master is away waits for another one.
 * Outcomes    LINK_UNKNOWN of a node's link stays what it is: nothing is repeated that may have happened. When the patience is over
 *             for a call that waits, it did not happen: LINK_REFUSED.
 * Refusals    LINK_REFUSED before the first map, LINK_FULL beyond the window; in the next turn of the loop. Calls that wait take at
 *             most half of the window, and more of them are LINK_REFUSED: masters that are there are not starved by one that is
 *             not.
 * Moves       While a slot moves, a script some of whose keys are not (yet) there waits for the end of the move (TRYAGAIN), and one
 *             that deletes a key and reads it again fails with an error of the server: move slots that are at rest.
 * Bounds      Memory: one call in RESP for each of the window, here and in a node's link; 260 KB for the slots; CLUSTER_NODES_MAX nodes.
 * Threads     All from the thread of the loop. SIGPIPE must be ignored by the program. */
#ifndef CORE_REDIS_ROUTER_CLUSTER_H
#define CORE_REDIS_ROUTER_CLUSTER_H

#include "core/redis/cluster_nodes.h"

typedef struct router_cluster router_cluster;

/* `url`: one node or more, of which one must be there to begin with; user and password hold for all. `options` as of one link: the
 * window counts calls over all nodes; on_state tells READY when all masters are connected that the map names, LOST and FAILED of
 * each node. Never fails. The loop and the scripts are borrowed; the URL is copied. */
router_cluster *router_cluster_new(struct uv_loop_s *loop, const redis_url *url, scripts *s,
                                   const link_uv_options *options);
/* As link_uv_free(). */
router_cluster *router_cluster_free(router_cluster *router);

redis_link router_cluster_interface(router_cluster *router);
/* Every slot has a master, and all masters are connected. */
bool router_cluster_ready(const router_cluster *router);

typedef struct router_counts {
    link_uv_counts
        calls; /* sums; calls, answered, refused, unknown and in_flight are those of the callers, bytes and sent of the nodes */
    uint64_t moved, asked, later; /* calls that were turned away, by what was said */
    uint64_t waited;              /* calls that found no master ready */
    uint64_t maps;                /* that were read */
    int64_t waiting;              /* of those in flight: not sent now */
} router_counts;

router_counts router_cluster_count(const router_cluster *router);

/* As cluster_nodes_list(). */
int router_cluster_nodes(const router_cluster *router, cluster_node_state ret_nodes[CLUSTER_NODES_MAX]);

#endif
