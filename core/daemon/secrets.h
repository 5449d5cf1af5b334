/* secrets.h - who may come in: tokens with roles, and the secret of the peers.
 *
 * A line of the tokens file, or of LINGUAD_TOKENS (lines by newline or ';'):
 *
 *     node gpu-7 TOKEN      only the node of this id
 *     node * TOKEN          any node whose id is not bound by a line of its own
 *     session * TOKEN       clients
 *     admin * TOKEN         /api, /metrics and the dashboard, when tokens are required
 *
 * '#' begins a comment. The peers' secret is LINGUAD_PEER_SECRET. Tokens and secret are 16 to SECRET_MAX visible ASCII characters; they are
 * compared in constant time, all of them, and no message or log carries one. Files that others may read are refused. */
#ifndef CORE_DAEMON_SECRETS_H
#define CORE_DAEMON_SECRETS_H

#include "core/base/limits.h"
#include "core/base/status.h"

#include <stdbool.h>

typedef enum token_role { ROLE_NODE, ROLE_SESSION, ROLE_ADMIN, ROLES } token_role;

enum { SECRET_MIN = 16, SECRET_MAX = 255, TOKENS_MAX = 20000 };

typedef struct secrets secrets;

/* `file` "": none. The environment's values may be NULL. SCHED_EINVAL with the line's number, never its token. */
sched_status secrets_read(const char *file, const char *tokens_env, const char *peer_secret, secrets **ret_secrets,
                          sched_error *err);
/* Takes NULL, returns NULL; overwrites what it held. */
secrets *secrets_free(secrets *s);

typedef struct token_pass {
    char node[ID_MAX + 1]; /* of a node's token: the only id it may use; "": any that is not bound */
} token_pass;

bool secrets_admit(const secrets *s, token_role role, const char *token, token_pass *ret_pass);
/* Whether a node that came with `pass` may register as `node_id`. */
bool secrets_node_may(const secrets *s, const token_pass *pass, const char *node_id);
bool secrets_is_peer(const secrets *s, const char *secret);
const char *secrets_peer(const secrets *s); /* NULL: none */
int secrets_count(const secrets *s, token_role role);

#endif
