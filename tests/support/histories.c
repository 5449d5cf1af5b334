/* histories.c - see the header. Operations are drawn one by one, so a longer history begins as a shorter one of its seed. */
#include "tests/support/histories.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

enum { LATEST = 6 };

static op draw(const histories *h, rng *r) {
    unsigned total = 0, kind = 0;
    for (unsigned i = 0; i < h->kind_count; i++) total += h->kinds[i].weight;
    uint64_t at = rng_below(r, total);
    while (at >= h->kinds[kind].weight) at -= h->kinds[kind++].weight;
    uint8_t a = (uint8_t)rng_below(r, rng_chance(r, h->latest) ? LATEST : 256);
    return (op){(uint8_t)kind, a, (uint8_t)rng_below(r, 256)};
}

static void print(const histories *h, const op *ops, size_t count) {
    for (size_t i = 0; i < count; i++)
        printf("  %-10s %u %u\n", h->kinds[ops[i].kind].name, (unsigned)ops[i].a, (unsigned)ops[i].b);
    fflush(stdout);
}

static void play(const histories *h, uint64_t seed, op *ops) {
    rng r;
    rng_init(&r, seed, h->stream, 0);
    for (size_t i = 0; i < h->ops; i++) ops[i] = draw(h, &r);
    if (!shrink_ask(ops, h->ops, h->fails, NULL)) return;
    size_t count = shrink_history(ops, h->ops, sizeof *ops, h->fails, NULL);
    shrink_ask(ops, count, h->fails, NULL);
    print(h, ops, count);
    ck_abort_msg("seed %llu: %s", (unsigned long long)seed, h->wrong);
}

void histories_play(const histories *h) {
    const char *asked = getenv("HISTORIES");
    int count = asked ? atoi(asked) : h->count;
    op *ops = mem_zalloc(h->ops, sizeof *ops);
    for (int seed = 1; seed <= count; seed++) play(h, (uint64_t)seed, ops);
    free(ops);
}
