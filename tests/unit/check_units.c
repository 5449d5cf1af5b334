/* check_units.c - what people write, what it means, and what they are told when it means nothing. */
#include "core/base/units.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

enum { RANDOM_VALUES = 100000 };

#define EXPECTED_SIZE   "expected a number with a unit such as 512B, 64KiB, 1.5MiB or 2GB"
#define EXPECTED_COUNT  "expected a whole number that is not negative, such as 500, 10_000, 10k or 2M"
#define EXPECTED_NUMBER "expected a decimal number such as 3, -0.5 or 1e-6"

#define LEN(table) (sizeof(table) / sizeof *(table))

/* --- durations ----------------------------------------------------------------------------------------------------- */

START_TEST(durations_have_units_and_add_up) {
    static const struct {
        const char *text;
        usec_t usec;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"0.0", 0},
        {"00", 0},
        {"1us", 1},
        {"250ms", 250000},
        {"15s", 15000000},
        {"015s", 15000000},
        {"2min", 120000000},
        {"1h", 3600000000},
        {"1d", 86400000000},
        {"1h30min", 5400000000},
        {"1d2h3min4s5ms6us", 93784005006},
        {"0h5s", 5000000},
        {"1.5h", 5400000000},
        {"1.1s", 1100000},
        {"0.000001s", 1},
        {"1.10000000000000000000000s", 1100000},
        {"0.5h0.5min", 1830000000},
        {"9223372036854775807us", INT64_MAX},
        {"9223372036854.775807s", INT64_MAX},
    };
    for (size_t i = 0; i < LEN(good); i++) {
        usec_t usec = -1;
        sched_error err = {0};
        ck_assert_msg(!units_parse_duration(good[i].text, &usec, &err), "%s", err.message);
        ck_assert_msg(usec == good[i].usec, "%s is %" PRId64 " us", good[i].text, usec);
    }
}
END_TEST

static void refuse_duration(const char *text, const char *message) {
    usec_t usec = -77;
    sched_error err = {0};
    ck_assert_msg(units_parse_duration(text, &usec, &err) == SCHED_EINVAL, "\"%s\" was taken as %" PRId64, text, usec);
    ck_assert_int_eq(err.status, SCHED_EINVAL);
    ck_assert_str_eq(err.message, message);
    ck_assert_msg(usec == -77, "\"%s\" was refused, but written", text);
    ck_assert_int_eq(units_parse_duration(text, &usec, NULL), SCHED_EINVAL);
}

START_TEST(what_is_no_duration_is_told_what_was_expected) {
    static const char *const bad[] = {
        "15 parsecs", "",      "15",   "1.0",  "s",      "-3s",        "+3s",       "1e3s",  "15S",
        "15m",        "15 s",  " 15s", "15s ", "15s,",   "1.s",        ".5s",       "1..5s", "1.5.5s",
        "min",        "1h30",  "0s0",  "00s0", "1min1h", "1s1s",       "1h 30min",  "nan",   "inf",
        "infs",       "0x10s", "1_0s", "1,5s", "15sec",  "1s\xc2\xb5", "\xd9\xa1s",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message,
                 "\"%s\" is not a duration: expected a number with a unit such as 250ms, 15s, 2min or 1h30min", bad[i]);
        refuse_duration(bad[i], message);
    }
}
END_TEST

START_TEST(a_duration_that_cannot_be_kept_says_why) {
    refuse_duration("0.5us", "\"0.5us\" is not a duration: it is finer than a microsecond");
    refuse_duration("1.0000001s", "\"1.0000001s\" is not a duration: it is finer than a microsecond");
    refuse_duration("0.0000000000000000001d",
                    "\"0.0000000000000000001d\" is not a duration: it is finer than a microsecond");
    refuse_duration("9223372036854775808us",
                    "\"9223372036854775808us\" is not a duration: it is too large to be represented");
    refuse_duration("99999999999d", "\"99999999999d\" is not a duration: it is too large to be represented");
    refuse_duration("99999999999999999999999s",
                    "\"99999999999999999999999s\" is not a duration: it is too large to be represented");
    refuse_duration("106751991d24h", "\"106751991d24h\" is not a duration: it is too large to be represented");
}
END_TEST

START_TEST(a_refused_text_is_quoted_in_one_bounded_line) {
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    usec_t usec;
    sched_error err;
    units_parse_duration(text, &usec, &err);
    ck_assert_uint_lt(strlen(err.message), 200);
    ck_assert_ptr_nonnull(strstr(err.message, "xxx...\" is not a duration: expected"));
    units_parse_duration("15s\n\x1b[31m", &usec, &err);
    ck_assert_ptr_eq(strstr(err.message, "\"15s\\n\\x1b[31m\" is not"), err.message);
}
END_TEST

START_TEST(durations_are_written_in_the_largest_unit_that_shows_them) {
    static const struct {
        usec_t usec;
        const char *text;
    } some[] = {
        {0, "0s"},
        {1, "1us"},
        {999, "999us"},
        {1000, "1ms"},
        {1500, "1.5ms"},
        {1050000, "1.05s"},
        {250000, "250ms"},
        {15000000, "15s"},
        {60000000, "1min"},
        {61000000, "61s"},
        {90000000, "1.5min"},
        {5400000000, "1.5h"},
        {86400000000, "1d"},
        {12345678, "12345.678ms"},
        {1000001, "1000.001ms"},
        {-250000, "-250ms"},
        {INT64_MAX, "9223372036854775.807ms"},
        {INT64_MIN, "-9223372036854775.808ms"},
    };
    char text[UNITS_TEXT_MAX];
    for (size_t i = 0; i < LEN(some); i++) ck_assert_str_eq(units_format_duration(text, some[i].usec), some[i].text);
}
END_TEST

/* Numbers of every size: as many of 3 bits as of 60. */
static uint64_t any_size(rng *r, unsigned bits) {
    return rng_u64(r) >> (64 - 1 - rng_below(r, bits));
}

START_TEST(every_duration_that_is_written_reads_back) {
    rng r;
    rng_init(&r, 1, "durations", 0);
    static const usec_t units[] = {1, 10, 1000, 1000000, 60000000, 3600000000, 86400000000};
    for (int i = 0; i < RANDOM_VALUES; i++) {
        usec_t unit = units[rng_below(&r, sizeof units / sizeof *units)], back = -1;
        usec_t usec = i % 2 ? (usec_t)any_size(&r, 63) : (usec_t)any_size(&r, 20) * unit;
        char text[UNITS_TEXT_MAX];
        units_format_duration(text, usec);
        if (units_parse_duration(text, &back, NULL) || back != usec) ck_abort_msg("%" PRId64 " us: %s", usec, text);
    }
}
END_TEST

/* --- sizes --------------------------------------------------------------------------------------------------------- */

START_TEST(sizes_know_both_kinds_of_kilo) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"512B", 512},
        {"64KiB", 65536},
        {"1.5MiB", 1572864},
        {"2GiB", 2147483648},
        {"1kB", 1000},
        {"1.5MB", 1500000},
        {"2GB", 2000000000},
        {"18446744073709551615B", UINT64_MAX},
        {"0.5KiB", 512},
    };
    for (size_t i = 0; i < LEN(good); i++) {
        uint64_t bytes = 77;
        sched_error err = {0};
        ck_assert_msg(!units_parse_size(good[i].text, &bytes, &err), "%s", err.message);
        ck_assert_msg(bytes == good[i].bytes, "%s is %" PRIu64 " bytes", good[i].text, bytes);
    }
}
END_TEST

START_TEST(what_is_no_size_is_told_what_was_expected) {
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"64K", EXPECTED_SIZE},
        {"64", EXPECTED_SIZE},
        {"-1B", EXPECTED_SIZE},
        {"", EXPECTED_SIZE},
        {"1MiB1KiB", EXPECTED_SIZE},
        {"64kib", EXPECTED_SIZE},
        {"1.5B", "it is not a whole number of bytes"},
        {"0.3KiB", "it is not a whole number of bytes"},
        {"18446744073709551616B", "it is too large to be represented"},
        {"17179869184GiB", "it is too large to be represented"},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        uint64_t bytes = 77;
        sched_error err = {0};
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message, "\"%s\" is not a size: %s", bad[i].text, bad[i].why);
        ck_assert_int_eq(units_parse_size(bad[i].text, &bytes, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, message);
        ck_assert_uint_eq(bytes, 77);
    }
}
END_TEST

START_TEST(every_size_that_is_written_reads_back) {
    static const struct {
        uint64_t bytes;
        const char *text;
    } some[] = {{0, "0B"},
                {1, "1B"},
                {1000, "1kB"},
                {1024, "1KiB"},
                {1536, "1.5KiB"},
                {65536, "64KiB"},
                {1000000, "1MB"},
                {1 << 20, "1MiB"},
                {1001, "1.001kB"},
                {1025, "1.025kB"},
                {1023, "1.023kB"},
                {999, "999B"},
                {UINT64_MAX, "18446744073709551.615kB"}};
    char text[UNITS_TEXT_MAX];
    for (size_t i = 0; i < LEN(some); i++) ck_assert_str_eq(units_format_size(text, some[i].bytes), some[i].text);
    rng r;
    rng_init(&r, 1, "sizes", 0);
    for (int i = 0; i < RANDOM_VALUES; i++) {
        uint64_t bytes = any_size(&r, 63), back;
        if (i % 2) bytes &= ~UINT64_C(0) << rng_below(&r, 30);
        units_format_size(text, bytes);
        if (units_parse_size(text, &back, NULL) || back != bytes) ck_abort_msg("%" PRIu64 " bytes: %s", bytes, text);
    }
}
END_TEST

/* --- counts and numbers -------------------------------------------------------------------------------------------- */

START_TEST(counts_are_whole_and_may_be_grouped_or_shortened) {
    static const struct {
        const char *text;
        int64_t count;
    } good[] = {{"0", 0},          {"500", 500},
                {"10_000", 10000}, {"1_2_3", 123},
                {"10k", 10000},    {"2M", 2000000},
                {"1.5M", 1500000}, {"1_000k", 1000000},
                {"3.0", 3},        {"9223372036854775807", INT64_MAX}};
    for (size_t i = 0; i < LEN(good); i++) {
        int64_t count = -77;
        sched_error err = {0};
        ck_assert_msg(!units_parse_count(good[i].text, &count, &err), "%s", err.message);
        ck_assert_msg(count == good[i].count, "%s is %" PRId64, good[i].text, count);
    }
}
END_TEST

START_TEST(what_is_no_count_is_told_what_was_expected) {
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"-5", EXPECTED_COUNT},
        {"", EXPECTED_COUNT},
        {"ten", EXPECTED_COUNT},
        {"_1", EXPECTED_COUNT},
        {"1_", EXPECTED_COUNT},
        {"1__0", EXPECTED_COUNT},
        {"10K", EXPECTED_COUNT},
        {"1e3", EXPECTED_COUNT},
        {"1k5", EXPECTED_COUNT},
        {"1.5", "it is not whole"},
        {"1.0001k", "it is not whole"},
        {"9223372036854775808", "it is too large to be represented"},
        {"18446744073709551617", "it is too large to be represented"},
        {"9223372036855M", "it is too large to be represented"},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        int64_t count = -77;
        sched_error err = {0};
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message, "\"%s\" is not a count: %s", bad[i].text, bad[i].why);
        ck_assert_int_eq(units_parse_count(bad[i].text, &count, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, message);
        ck_assert_int_eq(count, -77);
    }
}
END_TEST

START_TEST(numbers_are_the_nearest_doubles) {
    static const struct {
        const char *text;
        double number;
    } good[] = {{"0", 0},
                {"3", 3},
                {"-0.5", -0.5},
                {"0.1", 0.1},
                {"1e-6", 1e-6},
                {"1E+6", 1e6},
                {"2.5e3", 2500},
                {"0.30000000000000004", 0.30000000000000004},
                {"1.7976931348623157e308", DBL_MAX},
                {"1e-400", 0}};
    for (size_t i = 0; i < LEN(good); i++) {
        double number = 77;
        sched_error err = {0};
        ck_assert_msg(!units_parse_number(good[i].text, &number, &err), "%s", err.message);
        ck_assert_double_eq(number, good[i].number);
    }
}
END_TEST

START_TEST(what_is_no_number_is_told_what_was_expected) {
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", EXPECTED_NUMBER},
        {"-", EXPECTED_NUMBER},
        {"--1", EXPECTED_NUMBER},
        {"+1", EXPECTED_NUMBER},
        {"nan", EXPECTED_NUMBER},
        {"inf", EXPECTED_NUMBER},
        {"-inf", EXPECTED_NUMBER},
        {"0x1p3", EXPECTED_NUMBER},
        {"1,5", EXPECTED_NUMBER},
        {"1.", EXPECTED_NUMBER},
        {".5", EXPECTED_NUMBER},
        {"1e", EXPECTED_NUMBER},
        {"1e+", EXPECTED_NUMBER},
        {"1 ", EXPECTED_NUMBER},
        {"1_0", EXPECTED_NUMBER},
        {"3x", EXPECTED_NUMBER},
        {"1e309", "it is too large to be represented"},
        {"-1e309", "it is too large to be represented"},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        double number = 77;
        sched_error err = {0};
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message, "\"%s\" is not a number: %s", bad[i].text, bad[i].why);
        ck_assert_int_eq(units_parse_number(bad[i].text, &number, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, message);
        ck_assert_double_eq(number, 77);
    }
}
END_TEST

START_TEST(a_number_of_more_digits_than_anybody_needs_is_refused) {
    char text[200];
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    double number = 77;
    ck_assert_int_eq(units_parse_number(text, &number, NULL), SCHED_EINVAL);
    ck_assert_double_eq(number, 77);
}
END_TEST

/* --- rates and shares ---------------------------------------------------------------------------------------------- */

START_TEST(rates_are_per_second_whatever_the_period) {
    static const struct {
        const char *text;
        double per_sec;
    } good[] = {{"5/s", 5}, {"300/min", 5}, {"2/h", 2.0 / 3600}, {"1/d", 1.0 / 86400}, {"0", 0},
                {"0.0", 0}, {"0/h", 0},     {"0.25/s", 0.25},    {"1e6/s", 1e6}};
    for (size_t i = 0; i < LEN(good); i++) {
        double per_sec = 77;
        sched_error err = {0};
        ck_assert_msg(!units_parse_rate(good[i].text, &per_sec, &err), "%s", err.message);
        ck_assert_double_eq(per_sec, good[i].per_sec);
    }
    static const char *const bad[] = {"5",  "5/week", "5 /s",  "-5/s",  "/s",    "",
                                      "5/", "5s",     "nan/s", "inf/s", "5/s/s", "1k/s"};
    for (size_t i = 0; i < LEN(bad); i++) {
        double per_sec = 77;
        sched_error err = {0};
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message,
                 "\"%s\" is not a rate: expected a number per time such as 5/s, 300/min or 2/h", bad[i]);
        ck_assert_int_eq(units_parse_rate(bad[i], &per_sec, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, message);
        ck_assert_double_eq(per_sec, 77);
    }
    sched_error err;
    double per_sec;
    ck_assert_int_eq(units_parse_rate("1e309/s", &per_sec, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "\"1e309/s\" is not a rate: it is too large to be represented");
}
END_TEST

START_TEST(shares_are_percents_or_parts_of_one) {
    static const struct {
        const char *text;
        double share;
    } good[] = {{"0", 0},        {"0%", 0},        {"15%", 0.15},    {"0.15", 0.15},  {"100%", 1}, {"1", 1},
                {"0.1%", 0.001}, {"99.9%", 0.999}, {"33.3%", 0.333}, {"1e-3", 0.001}, {"1.0", 1}};
    for (size_t i = 0; i < LEN(good); i++) {
        double share = 77;
        sched_error err = {0};
        ck_assert_msg(!units_parse_share(good[i].text, &share, &err), "%s", err.message);
        ck_assert_msg(!(share < good[i].share) && !(share > good[i].share), "%s is %.17g", good[i].text, share);
    }
    static const char *const bad[] = {"15", "1.01",  "101%", "100.1%", "-1%",  "-0.1", "",
                                      "%",  "1e-1%", "15 %", "15%%",   "half", "nan"};
    for (size_t i = 0; i < LEN(bad); i++) {
        double share = 77;
        sched_error err = {0};
        char message[SCHED_ERROR_MAX];
        snprintf(message, sizeof message,
                 "\"%s\" is not a share: expected a part of the whole such as 15%% or 0.15, from 0 to 1", bad[i]);
        ck_assert_int_eq(units_parse_share(bad[i], &share, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, message);
        ck_assert_double_eq(share, 77);
    }
}
END_TEST

/* Three decimals or a random mantissa: what people choose and what comes out of a computation. */
static double any_double(rng *r, int i) {
    double random = rng_unit(r);
    return i % 2 ? floor(random * 1000) / 1000 : random * ldexp(1.0, -(int)rng_below(r, 60));
}

START_TEST(every_rate_that_is_written_reads_back) {
    static const struct {
        double per_sec;
        const char *text;
    } some[] = {{0, "0/s"},
                {5, "5/s"},
                {0.5, "30/min"},
                {2.0 / 3600, "2/h"},
                {1.0 / 86400, "1/d"},
                {1.25, "1.25/s"},
                {1.0 / 3, "20/min"},
                {1e6, "1000000/s"},
                {M_PI, "3.141592653589793/s"},
                {1e27, "1e+27/s"},
                {1e300, "1e+300/s"},
                {DBL_MAX, "1.7976931348623157e+308/s"},
                {DBL_TRUE_MIN, "4.94065645841247e-324/s"}};
    char text[UNITS_TEXT_MAX];
    for (size_t i = 0; i < LEN(some); i++) ck_assert_str_eq(units_format_rate(text, some[i].per_sec), some[i].text);
    rng r;
    rng_init(&r, 1, "rates", 0);
    for (int i = 0; i < RANDOM_VALUES; i++) {
        double rate = any_double(&r, i) * (i % 3 ? 1 : 1e5), back = -1;
        units_format_rate(text, rate);
        if (units_parse_rate(text, &back, NULL) || back < rate || back > rate) ck_abort_msg("%.17g /s: %s", rate, text);
    }
}
END_TEST

START_TEST(every_share_that_is_written_reads_back) {
    static const struct {
        double share;
        const char *text;
    } some[] = {{0, "0%"},           {1, "100%"},          {0.15, "15%"},   {0.001, "0.1%"},
                {0.00001, "0.001%"}, {0.33333, "33.333%"}, {1e-9, "1e-09"}, {1.0 / 3, "0.3333333333333333"}};
    char text[UNITS_TEXT_MAX];
    for (size_t i = 0; i < LEN(some); i++) ck_assert_str_eq(units_format_share(text, some[i].share), some[i].text);
    rng r;
    rng_init(&r, 1, "shares", 0);
    for (int i = 0; i < RANDOM_VALUES; i++) {
        double share = any_double(&r, i), back = -1;
        units_format_share(text, share);
        if (units_parse_share(text, &back, NULL) || back < share || back > share)
            ck_abort_msg("%.17g: %s", share, text);
    }
}
END_TEST

/* A locale whose decimal point is a comma may not be installed; then there is nothing to see. */
START_TEST(the_locale_of_the_program_changes_nothing) {
    static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < LEN(with_comma); i++)
        if (setlocale(LC_ALL, with_comma[i])) break;
    double number = 0;
    char text[UNITS_TEXT_MAX];
    ck_assert_int_eq(units_parse_number("1.5", &number, NULL), SCHED_OK);
    ck_assert_double_eq(number, 1.5);
    ck_assert_int_eq(units_parse_number("1,5", &number, NULL), SCHED_EINVAL);
    ck_assert_str_eq(units_format_rate(text, 1.25), "1.25/s");
    ck_assert_str_eq(units_format_share(text, 0.0125), "1.25%");
    ck_assert_str_eq(units_format_duration(text, 1500), "1.5ms");
}
END_TEST

/* Whatever is taken is in range; whatever is refused leaves the result alone. */
START_TEST(random_texts_are_taken_or_refused_but_nothing_between) {
    static const char alphabet[] = "0123456789..__%/--eEksmihnduMGKBx ";
    rng r;
    rng_init(&r, 1, "texts", 0);
    for (int i = 0; i < RANDOM_VALUES; i++) {
        char text[16];
        size_t len = rng_below(&r, sizeof text);
        for (size_t c = 0; c < len; c++) text[c] = alphabet[rng_below(&r, sizeof alphabet - 1)];
        text[len] = '\0';
        usec_t usec = -7;
        int64_t count = -7;
        double rate = -7, share = -7, number = NAN;
        bool ok = units_parse_duration(text, &usec, NULL) ? usec == -7 : usec >= 0;
        ok = ok && (units_parse_count(text, &count, NULL) ? count == -7 : count >= 0);
        ok = ok && (units_parse_rate(text, &rate, NULL) ? rate < -6 : rate >= 0);
        ok = ok && (units_parse_share(text, &share, NULL) ? share < -6 : share >= 0 && share <= 1);
        ok = ok && (units_parse_number(text, &number, NULL) ? isnan(number) : isfinite(number));
        if (!ok)
            ck_abort_msg("\"%s\": %" PRId64 " us, %" PRId64 ", %g /s, %g, %g", text, usec, count, rate, share, number);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        durations_have_units_and_add_up,
        what_is_no_duration_is_told_what_was_expected,
        a_duration_that_cannot_be_kept_says_why,
        a_refused_text_is_quoted_in_one_bounded_line,
        durations_are_written_in_the_largest_unit_that_shows_them,
        every_duration_that_is_written_reads_back,
        sizes_know_both_kinds_of_kilo,
        what_is_no_size_is_told_what_was_expected,
        every_size_that_is_written_reads_back,
        counts_are_whole_and_may_be_grouped_or_shortened,
        what_is_no_count_is_told_what_was_expected,
        numbers_are_the_nearest_doubles,
        what_is_no_number_is_told_what_was_expected,
        a_number_of_more_digits_than_anybody_needs_is_refused,
        rates_are_per_second_whatever_the_period,
        shares_are_percents_or_parts_of_one,
        every_rate_that_is_written_reads_back,
        every_share_that_is_written_reads_back,
        the_locale_of_the_program_changes_nothing,
        random_texts_are_taken_or_refused_but_nothing_between,
    };
    return SUITE_RUN("units", tests);
}
