/* hash.h - one hash of texts, the same on every machine: for streams of random numbers, slots of keys, digests of files. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stdint.h>

/* FNV-1a, 64 bits (Fowler, Noll and Vo). Not for input that an attacker chooses to collide. */
static inline uint64_t hash_text(const char *text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
