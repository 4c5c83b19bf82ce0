/* Scores a row with a bundle:  score BUNDLE name=value ...
 * Inputs that are not named are missing. Without any, the bundle's own samples are verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenure.h"

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    uint8_t *bytes = length > 0 ? malloc((size_t)length) : NULL;
    if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *size = bytes ? (size_t)length : 0;
    return bytes;
}

/* The text behind "name=" among the arguments, or NULL. */
static const char *argument(int argc, char **argv, const char *name, size_t size) {
    for (int i = 2; i < argc; i++)
        if (!strncmp(argv[i], name, size) && argv[i][size] == '=') return argv[i] + size + 1;
    return NULL;
}

static int score(tenure_scorer *scorer, int argc, char **argv) {
    char message[256];
    size_t n = tenure_n_inputs(scorer);
    tenure_value *row = calloc(n ? n : 1, sizeof *row);
    if (!row) return 1;
    for (size_t i = 0; i < n; i++) {
        size_t size = 0;
        const char *name = tenure_input_name(scorer, i, &size);
        const char *text = argument(argc, argv, name, size);
        if (!text) continue;
        if (tenure_input_reads_numbers(scorer, i)) {
            row[i] = (tenure_value){TENURE_VALUE_NUMBER, strtof(text, NULL), NULL, 0};
        } else {
            row[i] = (tenure_value){TENURE_VALUE_LEVEL, 0, text, strlen(text)};
        }
    }
    tenure_prediction out;
    int status = tenure_predict(scorer, row, n, &out, message, sizeof message);
    free(row);
    if (status != TENURE_OK) {
        fprintf(stderr, "%s\n", message);
        return status;
    }
    printf("%s", tenure_task(scorer));
    for (uint32_t k = 0; k < out.n_values; k++) printf(" %.17g", out.values[k]);
    printf(" flags %u\n", out.flags);
    return 0;
}

int main(int argc, char **argv) {
    char message[256];
    if (argc < 2) {
        fprintf(stderr, "usage: score BUNDLE name=value ...\n");
        return 2;
    }
    size_t size = 0;
    uint8_t *file = read_file(argv[1], &size);
    if (!file) {
        fprintf(stderr, "%s: cannot be read\n", argv[1]);
        return 2;
    }
    tenure_scorer *scorer = NULL;
    int status = tenure_load(file, size, &scorer, message, sizeof message);
    free(file); /* the scorer has its own copy */
    if (status != TENURE_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], message);
        return status;
    }
    if (argc == 2) {
        status = tenure_verify(scorer, message, sizeof message);
        printf("%s on %s\n", status == TENURE_OK ? "verified" : message, tenure_kernel(scorer));
    } else {
        status = score(scorer, argc, argv);
    }
    tenure_free(scorer);
    return status;
}
