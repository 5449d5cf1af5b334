/* json_write.c - numbers are rounded to significant digits, not to places: a share and a count of bytes stand in one document. */
#include "sim/report/json_write.h"

#include <math.h>

void json_set(json_t *object, const char *name, json_t *value) {
    json_object_set_new(object, name, value);
}

double json_tidy(double value) {
    if (!isfinite(value) || value == 0) return value;
    double steps = pow(10, 5 - floor(log10(fabs(value))));
    return round(value * steps) / steps;
}

json_t *json_number(double value) {
    return isfinite(value) ? json_real(json_tidy(value)) : json_null();
}

void json_write(json_t *o, FILE *out) {
    json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    fputc('\n', out);
    json_decref(o);
}
