/* lang_tags.c - tags to give a scenario that only says how many languages it has: ISO 639 codes, about from the most
 * to the least spoken. Each is a text of its own, so that "no" stays Norwegian. Beyond the list tags are made up. */
#include "sim/scenario/languages.h"

#include <stdio.h>
#include <string.h>

static const char tags[] =
    "en zh es hi ar fr pt ru bn ur id de ja sw mr te tr ta vi ko it fa th gu pl uk ml kn my or pa ro nl uz az ps "
    "am ig yo ha sd ne si km hu cs el sv be sr bg sk da fi no hr lt sl lv et he ca gl eu ka hy mn kk ky tg tk lo "
    "ms tl jv su mg so om ti zu xh st tn sn ny rw rn lg ln wo ff bm ee tw ak ga gd cy is fo lb mt mk sq bs af fy "
    "eo la br co oc sc rm an ast wa kw gv se ku ckb ug tt ba cv os ce ab av ii bo dz as mai bho sat ks kok doi "
    "brx mni sa awa mag hne bgc gom tcy ceb ilo war pam bik hil pag ace ban bug min bjn mad tet mi sm to fj ty "
    "haw mh gil ch na tpi bi ho qu ay gn nah ht pap srn jam kri pcm iu kl cr oj nv chr yi lad mwl ext nds fur lmo "
    "pms vec nap scn lij eml rgn hsb dsb csb szl rue sco vro ltg krl vep myv mdf kv udm mhr mrj sah tyv alt bxr "
    "xal krc kbd ady lez inh ava dar lbe gag crh nog kum kaa nn yue wuu nan hak gan hsn cdo cjy za lus kac shn "
    "mnw cnh dv rom ve ts ss nr nso kg kj ng hz ki luo kam mer guz kln mas teo ach nyn xog cgg bem loz lua lun "
    "kmb umb mos dyu fon kbp gaa dag ewo din nus fan sg tzm kab shi rif zgh tmh kr bax bum efi ibb tiv nup ebi "
    "bas dua ekp fuf gej kpe men vai sus lol mgo bez dav ebu jmc kde ksb lag rof saq sbp vun asa naq khq ses dje "
    "twq agq nmg yav bin igl idu gwr";

void languages_builtin(size_t i, lang_tag ret_tag) {
    const char *at = tags;
    for (size_t skip = i; skip > 0 && at; skip--) {
        at = strchr(at, ' ');
        if (at) at++;
    }
    if (at) {
        snprintf(ret_tag, sizeof(lang_tag), "%.*s", (int)strcspn(at, " "), at);
    } else {
        snprintf(ret_tag, sizeof(lang_tag), "x-%u", (unsigned)i);
    }
}
