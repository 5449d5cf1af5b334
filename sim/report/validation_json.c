/* validation_json.c - validation.json. Field names are a contract with other tools; new ones may stand beside them. */
#include <jansson.h>
#include <math.h>

#include "sim/report/validation_pages.h"

static json_t *number(double value) {
    return isnan(value) ? json_null() : json_real(round(value * 1e6) / 1e6);
}

static json_t *figure_json(const validation_level *level, validation_figure f) {
    json_t *o = json_object();
    json_object_set_new(o, "simulated", number(level->simulated[f]));
    json_object_set_new(o, "measured", number(level->measured[f]));
    json_object_set_new(o, "error", number(validation_error(level, f, false)));
    if (level->has_daemon) {
        json_object_set_new(o, "daemon", number(level->daemon[f]));
        json_object_set_new(o, "daemon_error", number(validation_error(level, f, true)));
    }
    return o;
}

void validation_json(const validation *v, FILE *out) {
    validation_score score = validation_judge(v);
    json_t *o = json_object(), *levels = json_array();
    for (size_t i = 0; i < v->count; i++) {
        const validation_level *level = &v->level[i];
        json_t *one = json_object(), *figures = json_object();
        for (int f = 0; f < VALID_FIGURES; f++)
            json_object_set_new(figures, validation_rows[f].key, figure_json(level, (validation_figure)f));
        json_object_set_new(one, "load", number(level->factor));
        json_object_set_new(one, "scenario_hash", json_string(level->hash));
        json_object_set_new(one, "utilisation", number(level->utilisation));
        json_object_set_new(one, "lateness_p99_ms", number(level->late_ms));
        json_object_set_new(one, "kept_up", json_boolean(level->kept_up));
        json_object_set_new(one, "pass", json_boolean(level->pass));
        json_object_set_new(one, "figures", figures);
        json_array_append_new(levels, one);
    }
    json_object_set_new(o, "schema", json_string("lingua.sim.validation/1"));
    json_object_set_new(o, "scenario", json_string(v->name));
    json_object_set_new(o, "seed", json_integer(v->seed));
    json_object_set_new(o, "aims_met", json_integer(score.met));
    json_object_set_new(o, "aims", json_integer(score.of));
    json_object_set_new(o, "loads", levels);
    json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(o);
}
