/* limits.h - the bounds of names and lists. They come from the wire protocol and the data model (no field over 4 KiB). */
#ifndef CORE_BASE_LIMITS_H
#define CORE_BASE_LIMITS_H

enum {
    ID_MAX = 64,                 /* characters of a node, job or session id: [A-Za-z0-9._:-]{1,64} */
    REQUEST_ID_MAX = 112,        /* of a request id: a session id, an utterance index and a language fit */
    LANG_MAX = 16,               /* of a language tag: [a-z0-9-]{2,16} */
    LANGS_MAX = 64,              /* languages in one list of a node */
    PAIR_MAX = 2 * LANG_MAX + 1, /* of "src:tgt" */
    PAIRS_MAX_DEFAULT = 1000,    /* pairs of one node, unless configured */
    SLOTS_MAX = 1000000,         /* jobs at a time on one node */
    SERVICES_MAX = 1024,         /* bytes of the list of a node's services */
    SERVICE_MAX = 128,           /* characters of one of them: "id" or "id@version" */
    ADDRESS_MAX = 128,           /* bytes of an instance's address, without spaces: ws://10.0.0.1:5010/ws/peer */
};

#endif
