/* internal.h - the instance itself, as the files of core/instance share it; nobody else includes it. */
#ifndef CORE_INSTANCE_INTERNAL_H
#define CORE_INSTANCE_INTERNAL_H

#include "core/base/rng.h"
#include "core/instance/instance.h"

#include <uthash.h>

#define INBOX_GROUP "scheduler"

enum { ENTRY_IDS_MAX = 48 }; /* of one call */

typedef struct waiter waiter;
typedef struct orphan orphan;
typedef struct owned owned;

/* An entry that was told: with its handler, or waiting to be delivered again. */
typedef struct entry_record {
    char id[sizeof((entry_token *)0)->id];
    bool open, again; /* with its handler; delivered again */
    char reason[ENTRY_CODE_MAX + 1];
    UT_hash_handle hh;
} entry_record;

/* Another instance, in the list or asked for; when it is dead and ours to adopt, how far that is. */
typedef struct other {
    instance *i;
    char id[ID_MAX + 1], address[ADDRESS_MAX + 1];
    bool listed;     /* at the last look */
    bool found_dead; /* its presence was gone when it was asked for */
    bool told;       /* that it died */
    uint64_t look;   /* the last one in which it was listed */
    usec_t answered; /* when it was last known whether it lives; 0: never */
    bool alive;      /* then */
    bool asking;     /* whether it lives */
    waiter *waiters, **waiters_end;
    bool adopting;                             /* a call of the adoption is out */
    bool leased;                               /* its entries are ours to hand out */
    char cursor[sizeof((entry_token *)0)->id]; /* last entry that was told; "" at the beginning of a pass */
    bool more;                                 /* there may be entries behind the cursor */
    int64_t open;                              /* orphans with their handlers */
    orphan *orphans;                           /* that were told and are not handled, by id */
    UT_hash_handle hh;
} other;

struct instance {
    instance_config config;
    instance_env env;
    instance_events events;
    keyspace keys;
    char id[ID_MAX + 1], address[ADDRESS_MAX + 1], host[ADDRESS_MAX + 1], token[17];
    rng draws;
    int64_t calls;
    instance_counts counts;
    bool up; /* presence was written once, and nothing below has happened */
    bool stopped, leaving, lost;

    struct {
        timer_handle timer;
        bool out;      /* a beat is */
        bool slept;    /* between two beats longer than the presence lives */
        usec_t tried;  /* the last beat; 0: none */
        usec_t proved; /* sending of the last beat that was answered well; 0: none */
    } presence;
    struct {
        timer_handle timer;
        bool out, listed; /* a look is; we are in the list as far as we know */
        uint64_t number;
        bool troubled; /* the last beat or look was not answered */
        usec_t calm_since;
    } look;
    struct {
        timer_handle timer; /* of the next read, after a failure */
        bool reading;
        usec_t pause;
        entry_record *records;
        int64_t open, open_again;
        timer_handle done_timer;
        char done_of[ID_MAX + 1]; /* whose entries they are */
        char done[ENTRY_IDS_MAX][sizeof((entry_token *)0)->id];
        int done_count;
    } inbox;
    struct {
        timer_handle timer;
        bool out;
        char cursor[sizeof((entry_token *)0)->id]; /* last one that was looked at; "" at the beginning */
    } reclaim;
    other *others;
    struct {
        owned *all, *next; /* connections; the one to be refreshed next */
    } owners;
    struct {
        void (*done)(void *arg);
        void *arg;
    } leave;
};

/* instance.c */
usec_t instance_now(const instance *i);
/* Nothing is sent or told any more. */
bool instance_is_over(const instance *i);
/* Presence cannot have lapsed: it was renewed less than its TTL ago. */
bool instance_is_sure(const instance *i);
void instance_call(instance *i, const redis_call *call, link_callback *done, void *arg);
/* Every callback begins with this. */
void instance_answered(instance *i, const char *what, link_status status, const redis_reply *reply);
void instance_set_timer(instance *i, timer_handle *timer, usec_t at, void (*fire)(void *arg), void *arg);
void instance_clear_timer(instance *i, timer_handle *timer);

/* presence.c */
void presence_beat(instance *i);
void presence_stop(instance *i);

/* others.c */
void others_look(instance *i);
void others_stop(instance *i);
void others_free(instance *i);
/* A beat or a look was answered, or not. */
void others_heard(instance *i, bool answered);
/* Nobody is taken for dead otherwise. */
bool others_are_calm(const instance *i);
/* By id; NULL when it is not known. */
other *other_find(const instance *i, const char *id);
void other_died(other *o);
/* Whether it lives, unless that is being asked already. */
void other_ask(other *o);
/* Out of the list, and forgotten. */
void other_strike(other *o);

/* inbox.c */
void inbox_read(instance *i);
void inbox_stop(instance *i);
void inbox_free(instance *i);
void inbox_handled(instance *i, const char *entry_id, bool ok, const char *reason);
/* Tells an entry [id, [name, value, ...]] that was delivered again. */
void inbox_tell_again(instance *i, const redis_reply *entry);
/* "" unless its fields are those of an entry, else what is wrong; the texts live as long as the reply. */
const char *inbox_parse(const redis_reply *entry, inbox_entry *ret_entry);
/* Acknowledges and deletes, behind the present handler; or at once. */
void inbox_done(instance *i, const char *of, const char *entry_id);
void inbox_send_done(instance *i);
entry_record *inbox_find(const instance *i, const char *entry_id);
void inbox_forget(instance *i, entry_record *r);

/* reclaim.c */
void reclaim_start(instance *i);
void reclaim_stop(instance *i);

/* dead_letters.c */
/* `rule`: only when it is due; else at once. */
void dead_letter_move(instance *i, const char *of, const char *entry_id, const char *reason, bool rule);

/* owner_keys.c */
/* Goes on with the round that a beat has begun, and then sets presence's timer. */
void owner_keys_refresh(instance *i);
void owner_keys_free(instance *i);

/* adoption.c */
/* It was not seen for long, or is ours already: called at each look. */
void adoption_go_on(other *o);
void adoption_handled(other *o, const char *entry_id, bool ok, const char *reason);
void adoption_free(other *o);

#endif
