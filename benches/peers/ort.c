/* ONNX Runtime through its C API: one row at a time and a batch, one thread, tensors made once.
 *
 *     cc -O2 -o ort benches/peers/ort.c -ldl
 *     ./ort LIBONNXRUNTIME MODEL ROWS N_ROWS N_COLUMNS N_SINGLE
 *
 * The Python package brings the library without its header, so functions are taken from the API's table by their place,
 * which never changes from version to version (the table only grows). Prints microseconds a row of single rows and of the
 * batch, and the sum of the batch's outputs.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    const void **(*get_api)(uint32_t version);
    const char *(*version)(void);
} api_base;

enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_GRAPH_OPTIMIZATION = 23,
    SET_INTRA_OP_THREADS = 24,
    CREATE_TENSOR_WITH_DATA = 49,
    CREATE_CPU_MEMORY_INFO = 69
};
enum { WARNING = 2, ALL_OPTIMIZATIONS = 99, ARENA = 0, DEFAULT_MEMORY = 0, FLOAT = 1 };

typedef void *(*create_env)(int level, const char *name, void **env);
typedef void *(*create_session)(void *env, const char *path, void *options, void **session);
typedef void *(*create_options)(void **options);
typedef void *(*set_number)(void *options, int value);
typedef void *(*create_memory_info)(int allocator, int kind, void **info);
typedef void *(*create_tensor)(void *info, void *data, size_t bytes, const int64_t *shape, size_t n_dims, int type,
                               void **value);
typedef void *(*run)(void *session, void *options, const char *const *inputs, const void *const *values,
                     size_t n_inputs, const char *const *outputs, size_t n_outputs, void **results);
typedef const char *(*message)(void *status);

static const void **api;

static void check(void *status) {
    if (status) {
        fprintf(stderr, "%s\n", ((message)api[GET_ERROR_MESSAGE])(status));
        exit(1);
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *tensor(void *info, float *data, int64_t rows, int64_t columns) {
    void *value = NULL;
    const int64_t shape[2] = {rows, columns};
    check(((create_tensor)api[CREATE_TENSOR_WITH_DATA])(info, data, (size_t)(rows * columns) * sizeof *data, shape, 2,
                                                         FLOAT, &value));
    return value;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    const int64_t n_rows = atoll(argv[4]), n_columns = atoll(argv[5]), n_single = atoll(argv[6]);
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    const api_base *base = ((const api_base *(*)(void))dlsym(library, "OrtGetApiBase"))();
    api = base->get_api(16);

    float *rows = malloc((size_t)(n_rows * n_columns) * sizeof *rows), *out = malloc((size_t)n_rows * sizeof *out);
    FILE *file = fopen(argv[3], "rb");
    if (!rows || !out || !file || fread(rows, sizeof *rows, (size_t)(n_rows * n_columns), file) != (size_t)(n_rows * n_columns))
        return 1;
    fclose(file);

    void *env = NULL, *options = NULL, *session = NULL, *info = NULL;
    check(((create_env)api[CREATE_ENV])(WARNING, "peer", &env));
    check(((create_options)api[CREATE_SESSION_OPTIONS])(&options));
    check(((set_number)api[SET_INTRA_OP_THREADS])(options, 1));
    check(((set_number)api[SET_GRAPH_OPTIMIZATION])(options, ALL_OPTIMIZATIONS));
    check(((create_session)api[CREATE_SESSION])(env, argv[2], options, &session));
    check(((create_memory_info)api[CREATE_CPU_MEMORY_INFO])(ARENA, DEFAULT_MEMORY, &info));

    const char *inputs[] = {"x"}, *outputs[] = {"p"};
    void **in = malloc((size_t)n_single * sizeof *in), **results = malloc((size_t)n_single * sizeof *results);
    for (int64_t i = 0; i < n_single; i++) {
        in[i] = tensor(info, rows + i * n_columns, 1, n_columns);
        results[i] = tensor(info, out + i, 1, 1);
    }
    void *batch_in = tensor(info, rows, n_rows, n_columns), *batch_out = tensor(info, out, n_rows, 1);
    double single = 1e9, batch = 1e9;
    for (int pass = 0; pass < 9; pass++) {
        double start = seconds();
        for (int64_t i = 0; i < n_single; i++)
            check(((run)api[RUN])(session, NULL, inputs, (const void *const *)&in[i], 1, outputs, 1, &results[i]));
        double found = (seconds() - start) / (double)n_single;
        if (found < single) single = found;
        start = seconds();
        check(((run)api[RUN])(session, NULL, inputs, (const void *const *)&batch_in, 1, outputs, 1, &batch_out));
        found = (seconds() - start) / (double)n_rows;
        if (found < batch) batch = found;
    }
    double sum = 0;
    for (int64_t i = 0; i < n_rows; i++) sum += out[i];
    printf("%.4f %.4f %.6f\n", 1e6 * single, 1e6 * batch, sum);
    return 0;
}
