/* registry_kind.h - the names of registries and of load signals, as settings spell them. */
#ifndef CORE_MECHANISMS_REGISTRY_KIND_H
#define CORE_MECHANISMS_REGISTRY_KIND_H

/* Where candidates come from, and who grants: this process, or the node's record in Redis. */
typedef enum registry_kind {
    REGISTRY_TABLE,      /* in memory: every node is looked at; granted here */
    REGISTRY_CANDIDATES, /* in memory: the nodes of the pair are looked at; granted here */
    REGISTRY_COPY,       /* of all nodes, refreshed from Redis; granted in Redis */
    REGISTRY_POOLS,      /* in Redis, chosen there; granted there */
} registry_kind;

/* How busy a node is taken to be. */
typedef enum load_kind {
    LOAD_REPORTED,     /* as its last heartbeat said */
    LOAD_OWN,          /* the same, or what this instance gave it and did not get back, whichever is more */
    LOAD_RESERVATIONS, /* its reservations in Redis: as the copy has them with what was placed since, or asked for */
} load_kind;

#endif
