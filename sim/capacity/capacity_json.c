/* capacity_json.c - capacity.json and points.csv. Field names are a contract with other tools; new ones may stand beside them. */
#include <inttypes.h>
#include <math.h>

#include "sim/capacity/capacity.h"
#include "sim/report/json_write.h"

static const char *end_name(search_end end) {
    static const char *const names[] = {"open", "found", "everywhere", "nowhere"};
    return names[end];
}

static json_t *answer(const capacity_answer *a, int64_t first_seed) {
    json_t *o = json_object(), *seeds = json_array();
    bool found = a->end == SEARCH_FOUND;
    json_set(o, "end", json_string(end_name(a->end)));
    json_set(o, "value", found ? json_integer(capacity_answer_number(a)) : json_null());
    json_set(o, "mean", found ? json_number(a->value) : json_null());
    json_set(o, "low", found ? json_number(a->low) : json_null());
    json_set(o, "high", found ? json_number(a->high) : json_null());
    json_set(o, "interval_percent", found ? json_number(100 * (a->high - a->low) / 2 / a->value) : json_null());
    for (size_t i = 0; i < a->seeds; i++) {
        const search *s = &a->seed[i];
        json_t *one = json_object();
        json_set(one, "seed", json_integer(first_seed + (int64_t)i));
        json_set(one, "holds_at", s->has_good ? json_integer(s->good) : json_null());
        json_set(one, "fails_at", s->has_bad ? json_integer(s->bad) : json_null());
        json_array_append_new(seeds, one);
    }
    json_set(o, "seeds", seeds);
    return o;
}

static json_t *bindings(const capacity *c) {
    binding list[BINDINGS_MAX];
    size_t n = capacity_bindings(c, list);
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        json_set(o, "name", json_string(list[i].name));
        json_set(o, "use", json_number(list[i].use));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *usl_value_json(usl_value v) {
    json_t *o = json_object();
    json_set(o, "value", json_number(v.value));
    json_set(o, "low", json_number(v.low));
    json_set(o, "high", json_number(v.high));
    return o;
}

static json_t *law(const capacity *c) {
    usl_fit f;
    if (!capacity_usl(c, &f)) return json_null();
    json_t *o = json_object();
    json_set(o, "of", json_string(capacity_rows[capacity_throughput(c)].key));
    json_set(o, "lambda", usl_value_json(f.lambda));
    json_set(o, "sigma", usl_value_json(f.sigma));
    json_set(o, "kappa", usl_value_json(f.kappa));
    json_set(o, "sigma_is_zero", json_boolean(f.sigma_is_zero));
    json_set(o, "kappa_is_zero", json_boolean(f.kappa_is_zero));
    json_set(o, "peak", json_number(f.peak));
    json_set(o, "error", json_number(f.error));
    return o;
}

static json_t *points(const capacity *c) {
    int64_t values[CAPACITY_RUNS_MAX];
    size_t n = capacity_values(c, values, CAPACITY_RUNS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        size_t runs, held = capacity_held(c, values[i], &runs);
        json_t *o = json_object();
        json_set(o, "value", json_integer(values[i]));
        json_set(o, "runs", json_integer((json_int_t)runs));
        json_set(o, "met", json_integer((json_int_t)held));
        for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) {
            interval v = capacity_interval(c, values[i], f);
            json_t *of = json_object();
            json_set(of, "mean", json_number(v.mean));
            json_set(of, "low", json_number(v.mean - v.half));
            json_set(of, "high", json_number(v.mean + v.half));
            json_set(o, capacity_rows[f].key, of);
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *objectives(const capacity *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->sc->slo_count; i++) json_array_append_new(list, json_string(c->sc->slos[i].text));
    return list;
}

static json_t *verdict(const capacity *c) {
    char sentences[CAPACITY_SENTENCES_MAX][CAPACITY_SENTENCE_MAX];
    size_t n = capacity_verdict(c, sentences);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_string(sentences[i]));
    return list;
}

void capacity_json(const capacity *c, FILE *out) {
    json_t *o = json_object();
    bool answered = capacity_is_answered(c);
    double cost = answered ? capacity_cost(c, capacity_answer_number(&c->all)) : 0;
    json_set(o, "schema", json_string("lingua.sim.capacity/1"));
    json_set(o, "scenario", json_string(c->sc->name));
    json_set(o, "command", json_string(c->command));
    json_set(o, "vary", json_string(c->axis->path));
    json_set(o, "objectives", objectives(c));
    json_set(o, "complete", json_boolean(c->complete));
    json_set(o, "verdict", verdict(c));
    json_set(o, "answer", answer(&c->all, c->first_seed));
    json_set(o, "binds", answered ? json_string(capacity_binds(c).name) : json_null());
    json_set(o, "busy", bindings(c));
    json_set(o, "lost_group", c->lost_group >= 0 ? json_string(c->sc->node_groups[c->lost_group].name) : json_null());
    json_set(o, "without_it", c->lost_group >= 0 ? answer(&c->less, c->first_seed) : json_null());
    json_set(o, "cost_per_hour", cost > 0 ? json_number(cost) : json_null());
    json_set(o, "knee", answered ? json_number(capacity_knee(c)) : json_null());
    json_set(o, "usl", answered ? law(c) : json_null());
    json_set(o, "points", points(c));
    json_write(o, out);
}

void capacity_csv(const capacity *c, FILE *out) {
    fprintf(out, "%s,seed,largest_group_lost,met", c->axis->path);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) fprintf(out, ",%s", capacity_rows[f].key);
    fputs(",busiest_pair,busiest_pair_use,hash\n", out);
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        fprintf(out, "%" PRId64 ",%" PRId64 ",%d,%d", r->value, r->seed, r->lost, r->holds);
        for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) {
            fputc(',', out);
            if (!isnan(r->figure[f])) fprintf(out, "%.10g", json_tidy(r->figure[f]));
        }
        fprintf(out, ",%s,%.6g,%s\n", r->pair, r->pair_use, r->hash);
    }
}
