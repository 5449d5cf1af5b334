/* units.c - two kinds of numbers: exact ones, in integers (durations, sizes, counts), and doubles (rates, shares, numbers).
 *
 * Why integers: "1.1s" is 1100000 microseconds, not the nearest multiple of a double, and 2^63 - 1 has to come back whole.
 * Why the C locale by hand: a program that embeds the library may run in a locale where strtod() stops at the point.
 *
 * Formatters try the units from large to small, as whole thousandths, and take the first that is exact. */
#include "core/base/units.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

__extension__ typedef unsigned __int128 uint128;

typedef struct unit {
    const char *name;
    uint64_t scale; /* in the smallest unit */
} unit;

/* Largest first, closed by a NULL. */
static const unit duration_units[] = {
    {"d", 86400000000}, {"h", 3600000000}, {"min", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}, {NULL, 0},
};
static const unit size_units[] = {
    {"GiB", 1 << 30}, {"GB", 1000000000}, {"MiB", 1 << 20}, {"MB", 1000000},
    {"KiB", 1 << 10}, {"kB", 1000},       {"B", 1},         {NULL, 0},
};
static const unit count_units[] = {{"M", 1000000}, {"k", 1000}, {"", 1}, {NULL, 0}};
/* Here the scale is the seconds of the period, so the largest rate comes first. */
static const unit rate_units[] = {{"/s", 1}, {"/min", 60}, {"/h", 3600}, {"/d", 86400}, {NULL, 0}};

/* What a text was meant to be. */
typedef struct quantity {
    const char *name;
    const char *expected; /* the words of its errors */
    /* only for those kept in integers: */
    const char *too_fine; /* what is wrong with a part of the smallest unit */
    const unit *units;
    uint64_t max;
    bool compound;    /* "1h30min" */
    bool underscores; /* "10_000" */
} quantity;

static const quantity duration = {
    .name = "duration",
    .expected = "a number with a unit such as 250ms, 15s, 2min or 1h30min",
    .too_fine = "it is finer than a microsecond",
    .units = duration_units,
    .max = INT64_MAX,
    .compound = true,
};
static const quantity size = {
    .name = "size",
    .expected = "a number with a unit such as 512B, 64KiB, 1.5MiB or 2GB",
    .too_fine = "it is not a whole number of bytes",
    .units = size_units,
    .max = UINT64_MAX,
};
static const quantity count = {
    .name = "count",
    .expected = "a whole number that is not negative, such as 500, 10_000, 10k or 2M",
    .too_fine = "it is not whole",
    .units = count_units,
    .max = INT64_MAX,
    .underscores = true,
};
static const quantity rate = {.name = "rate", .expected = "a number per time such as 5/s, 300/min or 2/h"};
static const quantity share = {.name = "share", .expected = "a part of the whole such as 15% or 0.15, from 0 to 1"};
static const quantity number = {.name = "number", .expected = "a decimal number such as 3, -0.5 or 1e-6"};

/* Why a text was refused. */
typedef enum refusal { REFUSED_FORM, REFUSED_TOO_FINE, REFUSED_TOO_LARGE } refusal;

static sched_status refuse(const quantity *meant, refusal why, const char *text, sched_error *err) {
    char quoted[80];
    text_one_line(quoted, sizeof quoted, text);
    if (why == REFUSED_TOO_FINE)
        return sched_fail(err, SCHED_EINVAL, "\"%s\" is not a %s: %s", quoted, meant->name, meant->too_fine);
    if (why == REFUSED_TOO_LARGE)
        return sched_fail(err, SCHED_EINVAL, "\"%s\" is not a %s: it is too large to be represented", quoted,
                          meant->name);
    return sched_fail(err, SCHED_EINVAL, "\"%s\" is not a %s: expected %s", quoted, meant->name, meant->expected);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* --- exact decimals ------------------------------------------------------------------------------------------------ */

enum { DECIMALS_MAX = 18 }; /* 10^18 times the largest scale fits into 128 bits */

/* whole + fraction / divisor, divisor a power of ten. */
typedef struct decimal {
    uint64_t whole, fraction, divisor;
    bool too_large, too_fine; /* more than the integers hold */
} decimal;

/* Reads digits, single underscores between them where allowed, and a fraction. Returns where it stopped; NULL when the
 * text does not begin with such a number. */
static const char *scan_decimal(const char *at, bool underscores, decimal *ret_decimal) {
    decimal d = {.divisor = 1};
    if (!is_digit(*at)) return NULL;
    for (; is_digit(*at); at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (d.whole > (UINT64_MAX - digit) / 10) d.too_large = true;
        d.whole = d.whole * 10 + digit;
        if (underscores && at[1] == '_' && is_digit(at[2])) at++;
    }
    if (*at == '.') {
        if (!is_digit(*++at)) return NULL;
        int decimals = 0;
        for (; is_digit(*at); at++) {
            if (++decimals > DECIMALS_MAX) {
                if (*at != '0') d.too_fine = true;
                continue;
            }
            d.fraction = d.fraction * 10 + (unsigned)(*at - '0');
            d.divisor *= 10;
        }
    }
    *ret_decimal = d;
    return at;
}

/* The unit whose name is the whole of text[0 .. len). */
static const unit *find_unit(const unit *units, const char *text, size_t len) {
    for (; units->name; units++)
        if (strlen(units->name) == len && !memcmp(units->name, text, len)) return units;
    return NULL;
}

static bool is_zero(const decimal *d) {
    return !d->whole && !d->fraction && !d->too_large && !d->too_fine;
}

/* Adds d * scale to *sum; false with *ret_why when the result is no whole number up to `max`. */
static bool add_scaled(const decimal *d, uint64_t scale, uint64_t max, uint64_t *sum, refusal *ret_why) {
    uint128 part = (uint128)d->fraction * scale;
    uint128 total = (uint128)d->whole * scale + part / d->divisor + *sum;
    if (d->too_large || total > max) {
        *ret_why = REFUSED_TOO_LARGE;
        return false;
    }
    if (d->too_fine || part % d->divisor) {
        *ret_why = REFUSED_TOO_FINE;
        return false;
    }
    *sum = (uint64_t)total;
    return true;
}

static sched_status parse_whole(const char *text, const quantity *meant, uint64_t *ret_value, sched_error *err) {
    uint64_t sum = 0;
    const unit *left = meant->units; /* those that may still come: each is smaller than the one before */
    const char *at = text;
    do {
        decimal d;
        refusal why;
        at = scan_decimal(at, meant->underscores, &d);
        if (!at) return refuse(meant, REFUSED_FORM, text, err);
        size_t len = strcspn(at, "0123456789._");
        const unit *u = find_unit(left, at, len);
        if (!u && !*at && left == meant->units && is_zero(&d)) break; /* a bare 0 */
        if (!u) return refuse(meant, REFUSED_FORM, text, err);
        if (!add_scaled(&d, u->scale, meant->max, &sum, &why)) return refuse(meant, why, text, err);
        at += len;
        left = u + 1;
    } while (*at && meant->compound);
    if (*at) return refuse(meant, REFUSED_FORM, text, err);
    *ret_value = sum;
    return SCHED_OK;
}

sched_status units_parse_duration(const char *text, usec_t *ret_usec, sched_error *err) {
    assert(text && ret_usec);
    uint64_t usec;
    sched_status status = parse_whole(text, &duration, &usec, err);
    if (!status) *ret_usec = (usec_t)usec;
    return status;
}

sched_status units_parse_size(const char *text, uint64_t *ret_bytes, sched_error *err) {
    assert(text && ret_bytes);
    return parse_whole(text, &size, ret_bytes, err);
}

sched_status units_parse_count(const char *text, int64_t *ret_count, sched_error *err) {
    assert(text && ret_count);
    uint64_t value;
    sched_status status = parse_whole(text, &count, &value, err);
    if (!status) *ret_count = (int64_t)value;
    return status;
}

/* Writes value / scale with its unit: the first of `units` that shows at least 1 in whole thousandths, else the last. */
static char *format_whole(char text[UNITS_TEXT_MAX], const unit *units, const char *sign, uint64_t value) {
    const unit *u = units;
    for (; u[1].name; u++)
        if (value >= u->scale && (uint128)value * 1000 % u->scale == 0) break;
    uint64_t whole = value / u->scale;
    unsigned thousandths = (unsigned)((uint128)(value % u->scale) * 1000 / u->scale);
    char fraction[sizeof ".000"] = "";
    if (thousandths) {
        snprintf(fraction, sizeof fraction, ".%03u", thousandths % 1000);
        for (size_t last = 3; fraction[last] == '0'; last--) fraction[last] = '\0';
    }
    snprintf(text, UNITS_TEXT_MAX, "%s%llu%s%s", sign, (unsigned long long)whole, fraction, u->name);
    return text;
}

char *units_format_duration(char text[UNITS_TEXT_MAX], usec_t usec) {
    if (usec == 0) return strcpy(text, "0s");
    uint64_t distance = usec < 0 ? 0 - (uint64_t)usec : (uint64_t)usec;
    return format_whole(text, duration_units, usec < 0 ? "-" : "", distance);
}

char *units_format_size(char text[UNITS_TEXT_MAX], uint64_t bytes) {
    return format_whole(text, size_units, "", bytes);
}

/* --- doubles ------------------------------------------------------------------------------------------------------- */

/* The longest text that a double is read from; nobody needs more digits. */
enum { DOUBLE_TEXT_MAX = 64 };

static const char *skip_digits(const char *at) {
    while (is_digit(*at)) at++;
    return at;
}

/* Where the number at `text` ends: digits, a fraction, an exponent. NULL when there is none. */
static const char *skip_number(const char *text, bool *ret_exponent) {
    const char *at = skip_digits(text);
    *ret_exponent = false;
    if (at == text) return NULL;
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        if (at == fraction) return NULL;
    }
    if (*at != 'e' && *at != 'E') return at;
    const char *exponent = at + 1;
    if (*exponent == '-' || *exponent == '+') exponent++;
    at = skip_digits(exponent);
    *ret_exponent = true;
    return at == exponent ? NULL : at;
}

/* The double nearest to the number text[0 .. len) times 10^shift, read in the C locale. False when the text is too long. */
static bool read_double(const char *text, size_t len, const char *shift, double *ret_value) {
    char copy[DOUBLE_TEXT_MAX + 8];
    if (len >= DOUBLE_TEXT_MAX) return false;
    snprintf(copy, sizeof copy, "%.*s%s", (int)len, text, shift);
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert(c_locale);
    *ret_value = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    return true;
}

/* Like snprintf() of "%.<digits>f" (fixed) or "%.<digits>g", in the C locale. */
static int write_double(char *out, size_t room, bool fixed, int digits, double value) {
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert(c_locale);
    locale_t before = uselocale(c_locale);
    int len = snprintf(out, room, fixed ? "%.*f" : "%.*g", digits, value);
    uselocale(before);
    freelocale(c_locale);
    return len;
}

sched_status units_parse_rate(const char *text, double *ret_per_sec, sched_error *err) {
    assert(text && ret_per_sec);
    double value;
    bool exponent;
    const char *end = skip_number(text, &exponent);
    if (!end || !read_double(text, (size_t)(end - text), "", &value)) return refuse(&rate, REFUSED_FORM, text, err);
    const unit *u = find_unit(rate_units, end, strlen(end));
    if (!u && !*end && !(value > 0)) u = rate_units; /* a bare 0 */
    if (!u) return refuse(&rate, REFUSED_FORM, text, err);
    if (isinf(value)) return refuse(&rate, REFUSED_TOO_LARGE, text, err);
    *ret_per_sec = value / (double)u->scale;
    return SCHED_OK;
}

/* The percent sign moves the point before the number is read, so that "0.1%" is the double nearest to 0.001. */
sched_status units_parse_share(const char *text, double *ret_share, sched_error *err) {
    assert(text && ret_share);
    double value;
    bool exponent;
    const char *end = skip_number(text, &exponent);
    bool percent = end && !exponent && !strcmp(end, "%");
    if (!end || (*end && !percent) || !read_double(text, (size_t)(end - text), percent ? "e-2" : "", &value) ||
        value > 1)
        return refuse(&share, REFUSED_FORM, text, err);
    *ret_share = value;
    return SCHED_OK;
}

sched_status units_parse_number(const char *text, double *ret_number, sched_error *err) {
    assert(text && ret_number);
    double value;
    bool exponent;
    const char *end = skip_number(text + (*text == '-'), &exponent);
    if (!end || *end || !read_double(text, (size_t)(end - text), "", &value))
        return refuse(&number, REFUSED_FORM, text, err);
    if (isinf(value)) return refuse(&number, REFUSED_TOO_LARGE, text, err);
    *ret_number = value;
    return SCHED_OK;
}

/* Writes `value` with at most three decimals and none that is 0 at the end, then `unit_name`. False when it has no room. */
static bool write_thousandths(char text[UNITS_TEXT_MAX], double value, const char *unit_name) {
    int len = write_double(text, UNITS_TEXT_MAX, true, 3, value);
    if (len + (int)strlen(unit_name) >= UNITS_TEXT_MAX) return false;
    while (text[len - 1] == '0') len--;
    if (text[len - 1] == '.') len--;
    strcpy(text + len, unit_name);
    return true;
}

/* Writes `value` with as few digits as bring it back, then `unit_name`; 17 always do, and need 24 bytes. */
static char *write_shortest(char text[UNITS_TEXT_MAX], double value, const char *unit_name) {
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        int len = write_double(text, UNITS_TEXT_MAX - 4, false, digits, value);
        if (digits < 17 && (!read_double(text, (size_t)len, "", &back) || back < value || back > value)) continue;
        strcpy(text + len, unit_name);
        break;
    }
    return text;
}

char *units_format_rate(char text[UNITS_TEXT_MAX], double per_sec) {
    assert(per_sec >= 0 && isfinite(per_sec));
    if (!(per_sec > 0)) return strcpy(text, "0/s");
    for (const unit *u = rate_units; u->name; u++) {
        double value = per_sec * (double)u->scale, back;
        if (value < 1 || !write_thousandths(text, value, u->name)) continue;
        if (!units_parse_rate(text, &back, NULL) && !(back < per_sec) && !(back > per_sec)) return text;
    }
    return write_shortest(text, per_sec, "/s");
}

char *units_format_share(char text[UNITS_TEXT_MAX], double part) {
    assert(part >= 0 && part <= 1);
    double back;
    if (write_thousandths(text, part * 100, "%") && !units_parse_share(text, &back, NULL) && !(back < part) &&
        !(back > part))
        return text;
    return write_shortest(text, part, "");
}

char *units_format_number(char text[UNITS_TEXT_MAX], double value) {
    assert(isfinite(value));
    return write_shortest(text, value, "");
}
