/* call_text.c - word by word: numbers first, then keys, since keys are named after what the numbers made. */
#include "bench/scripts/call_text.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 512, PARTS_MAX = 4 };

/* --- keys --------------------------------------------------------------------------------------------------------------- */

typedef const char *spell_key(redis_key *key, const keyspace *ks, const char *id);

static const char *deadlines_of_job(redis_key *key, const keyspace *ks, const char *job_id) {
    unsigned bucket = 0;
    bool ours = job_bucket_of_job(job_id, &bucket);
    assert(ours);
    (void)ours;
    return key_job_deadlines(key, ks, bucket);
}

static const char *expiry_of_node(redis_key *key, const keyspace *ks, const char *node_id) {
    return key_node_expiry(key, ks, node_bucket(node_id));
}

static const struct {
    const char *kind;
    spell_key *spell;
} kinds[] = {
    {"job", key_job},
    {"deadlines", deadlines_of_job},
    {"copy", key_job_copy},
    {"req", key_request},
    {"lock", key_request_lock},
    {"node", key_node},
    {"langs", key_node_langs},
    {"resv", key_node_reservations},
    {"marks", key_node_marks},
    {"hold", key_node_hold},
    {"expiry", expiry_of_node},
    {"session", key_session},
    {"room", key_room},
    {"presence", key_instance_presence},
    {"inbox", key_instance_inbox},
    {"dead", key_instance_dead},
    {"tombstone", key_instance_tombstone},
    {"lease", key_instance_lease},
};

/* "members:en:t7" at its colons. */
static int split(char *word, char *parts[PARTS_MAX]) {
    int count = 1;
    parts[0] = word;
    for (char *colon = strchr(word, ':'); colon; colon = strchr(colon, ':')) {
        assert(count < PARTS_MAX);
        *colon++ = '\0';
        parts[count++] = colon;
    }
    return count;
}

static const char *key_by_name(redis_key *key, const keyspace *ks, char *word) {
    char *part[PARTS_MAX] = {NULL};
    int count = split(word, part);
    if (count == 1 && !strcmp(part[0], "instances")) return key_instances(key, ks);
    if (count == 3 && !strcmp(part[0], "members")) return key_pool_members(key, ks, part[1], part[2]);
    if (count == 3 && !strcmp(part[0], "places")) return key_pool_places(key, ks, part[1], part[2]);
    if (count == 4 && !strcmp(part[0], "left")) return key_pool_left(key, ks, part[1], part[2], part[3]);
    for (size_t i = 0; count == 2 && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].kind, part[0])) return kinds[i].spell(key, ks, part[1]);
    assert(false && "a key of a kind that is known");
    return NULL;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------ */

static int put_languages(char *out, size_t size, int64_t count) {
    int len = 0;
    for (int64_t i = 0; i < count; i++)
        len += snprintf(out + len, size - (size_t)len, "%sl%02" PRId64, i ? " " : "", i);
    return len;
}

static int put_number(char letter, char *out, size_t size, const call_numbers *n) {
    switch (letter) {
    case 'i': return snprintf(out, size, "%" PRId64, n->call);
    case 'e': return snprintf(out, size, "%" PRId64, n->call + 1);
    case 'g': return snprintf(out, size, "%" PRId64, n->group);
    case 'k': return snprintf(out, size, "%" PRId64, n->place);
    case 'n': return snprintf(out, size, "%" PRId64, n->size);
    case 'r': return snprintf(out, size, "%" PRIu32, rng_u32(n->draws));
    case 'J': return snprintf(out, size, "j%03" PRId64 "-%016" PRIx64, n->group, (uint64_t)n->call);
    case '_': return snprintf(out, size, " ");
    case 'L': return put_languages(out, size, n->size);
    default: assert(false && "a number that is known"); return 0;
    }
}

/* From `text` up to the next space, with numbers put in; returns what is behind it. */
static const char *take_word(const char *text, char word[WORD_MAX], const call_numbers *n) {
    size_t len = 0;
    for (; *text && *text != ' '; text++) {
        assert(len + 1 < WORD_MAX);
        if (*text == '%')
            len += (size_t)put_number(*++text, word + len, WORD_MAX - len, n);
        else
            word[len++] = *text;
        assert(len < WORD_MAX);
    }
    word[len] = '\0';
    return *text ? text + 1 : text;
}

/* --- calls -------------------------------------------------------------------------------------------------------------- */

static script_id script_named(const char *name) {
    int id = 0;
    while (id < SCRIPT_COUNT && strcmp(scripts_name((script_id)id), name) != 0) id++;
    assert(id < SCRIPT_COUNT);
    return (script_id)id;
}

static void put_ids(redis_call *call, int64_t count) {
    char id[32];
    for (int64_t i = 1; i <= count; i++) {
        snprintf(id, sizeof id, "%" PRId64 "-1", i);
        call_str(call, id);
    }
}

/* Keys of a script come first and are declared; those of a command are arguments where they stand. */
static void put_word(redis_call *call, char *word, const keyspace *ks) {
    redis_key key;
    if (*word == '@')
        call_key(call, key_by_name(&key, ks, word + 1));
    else
        call_str(call, strcmp(word, "''") != 0 ? word : "");
}

void call_text_make(redis_call *ret_call, const char *text, const keyspace *ks, const call_numbers *numbers) {
    static const char ids[] = "%ids";
    char word[WORD_MAX];
    text = take_word(text, word, numbers);
    if (isupper((unsigned char)word[0]))
        call_command(ret_call, word);
    else
        call_script(ret_call, script_named(word));
    while (*text) {
        if (!strcmp(text, ids)) {
            put_ids(ret_call, numbers->size);
            break;
        }
        text = take_word(text, word, numbers);
        put_word(ret_call, word, ks);
    }
}
