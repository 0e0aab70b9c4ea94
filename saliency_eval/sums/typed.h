/* What is the same for maps of every type T; included once for each. */

/* Least value, greatest value, sum of v - near, sum of its square. */
KERNEL void NAMED(moments, TYPE)(const T *v, int64_t n, double near, double *out) {
    double low[LANES], high[LANES], sum[LANES] = {0}, square[LANES] = {0};
    memset(out, 0, 4 * sizeof *out);
    FOR(k, 0, LANES) low[k] = high[k] = v[0];
    for (int64_t start = 0; start < n; start += PART) {
        int64_t end = least(start + PART, n), i = start;
        for (; i + LANES <= end; i += LANES) FOR(k, 0, LANES) {
            double value = v[i + k], moved = value - near;
            low[k] = value < low[k] ? value : low[k];
            high[k] = value > high[k] ? value : high[k];
            sum[k] += moved;
            square[k] += moved * moved;
        }
        for (; i < end; i++) {
            double value = v[i], moved = value - near;
            low[0] = value < low[0] ? value : low[0];
            high[0] = value > high[0] ? value : high[0];
            sum[0] += moved;
            square[0] += moved * moved;
        }
        FOR(k, 0, LANES) out[2] += sum[k], out[3] += square[k], sum[k] = square[k] = 0;
    }
    out[0] = low[0], out[1] = high[0];
    FOR(k, 1, LANES) {
        out[0] = low[k] < out[0] ? low[k] : out[0];
        out[1] = high[k] > out[1] ? high[k] : out[1];
    }
}

/* Sum of (v - mean) (w - other_mean). */
KERNEL double NAMED(covariance, TYPE)(
    const T *v, double mean, const double *w, double other_mean, int64_t n
) {
    double sum[LANES] = {0}, total = 0;
    for (int64_t start = 0; start < n; start += PART) {
        int64_t end = least(start + PART, n), i = start;
        for (; i + LANES <= end; i += LANES)
            FOR(k, 0, LANES) sum[k] += (v[i + k] - mean) * (w[i + k] - other_mean);
        for (; i < end; i++) sum[0] += (v[i] - mean) * (w[i] - other_mean);
        FOR(k, 0, LANES) total += sum[k], sum[k] = 0;
    }
    return total;
}

/* Sum of the lesser of (v - low) factor + added and the same of w. */
KERNEL double NAMED(shared, TYPE)(
    const T *v, double low, double factor, double added,
    const double *w, double other_low, double other_factor, double other_added, int64_t n
) {
    double sum[LANES] = {0}, total = 0;
    for (int64_t start = 0; start < n; start += PART) {
        int64_t end = least(start + PART, n), i = start;
        for (; i + LANES <= end; i += LANES) FOR(k, 0, LANES) {
            double one = (v[i + k] - low) * factor + added;
            double other = (w[i + k] - other_low) * other_factor + other_added;
            sum[k] += one < other ? one : other;
        }
        for (; i < end; i++) {
            double one = (v[i] - low) * factor + added;
            double other = (w[i] - other_low) * other_factor + other_added;
            sum[0] += one < other ? one : other;
        }
        FOR(k, 0, LANES) total += sum[k], sum[k] = 0;
    }
    return total;
}

/* Sum of (w + floor) ln(q / p), or of ln |q / p| if `size`, with p = (v - low) factor + added and q such a function of w;
   a pixel without weight has no part. */
KERNEL double NAMED(divergence, TYPE)(
    const T *v, double low, double factor, double added,
    const double *w, double other_low, double other_factor, double other_added, double floor, int64_t size, int64_t n
) {
    double total = 0, logs[PART], sum[LANES] = {0};
    for (int64_t start = 0; start < n; start += PART) {
        int64_t count = least(PART, n - start), i = 0, unusual = 0;
        const double *weight = w + start;
        FOR(j, 0, count) {
            double p = (v[start + j] - low) * factor + added;
            double q = (weight[j] - other_low) * other_factor + other_added;
            double ratio = signless(q / p, size);
            unusual |= (weight[j] + floor > 0) & !((ratio >= DBL_MIN) & (ratio <= DBL_MAX));
            logs[j] = ln(ratio); /* some number, where there is no weight */
        }
        if (unusual) FOR(j, 0, count) if (weight[j] + floor > 0) {
            double p = (v[start + j] - low) * factor + added;
            double q = (weight[j] - other_low) * other_factor + other_added;
            logs[j] = log(signless(q, size)) - log(signless(p, size));
        }
        for (; i + LANES <= count; i += LANES)
            FOR(k, 0, LANES) sum[k] += (weight[i + k] + floor) * logs[i + k];
        for (; i < count; i++) sum[0] += (weight[i] + floor) * logs[i];
        FOR(k, 0, LANES) total += sum[k], sum[k] = 0;
    }
    return total;
}

/* Number of pixels that reach exactly k of m ascending edges, for each k: out has m + 1 places. A pixel reaches an
   edge when u = (v - low) / range is not below it. The line of u is cut into stretches: pixels in one without an edge
   are counted together, the few others are compared. Returns whether there was memory. */
KERNEL int64_t NAMED(reached, TYPE)(
    const T *v, int64_t n, double low, double range, const double *edges, int64_t m, int64_t *out
) {
    double u[PART], bottom = edges[0], scale = (STRETCHES - 3) / (edges[m - 1] / 2 - bottom / 2) / 2;
    int64_t before[STRETCHES + 1] = {0}; /* edges below each stretch */
    uint8_t edged[STRETCHES + 1] = {0};
    int32_t stretch[PART], compared[PART];
    int64_t(*number)[TABLES] = calloc(STRETCHES + 1, sizeof *number);
    if (!number) return 0;
    if (!(scale < DBL_MAX)) scale = DBL_MAX; /* all edges are one, or next to it */
    for (int64_t s = 0, at = 0; s < STRETCHES; before[++s] = at) {
        while (at < m && stretch_of(edges[at], bottom, scale) <= s) at++;
        edged[s] = at > before[s];
    }
    memset(out, 0, (size_t)(m + 1) * sizeof *out);
    for (int64_t start = 0; start < n; start += PART) {
        int64_t count = least(PART, n - start), few = 0;
        FOR(j, 0, count) u[j] = v[start + j] - low;
        if (range != 1) FOR(j, 0, count) u[j] /= range;
        FOR(j, 0, count) stretch[j] = stretch_of(u[j], bottom, scale);
        for (int64_t j = count; j % TABLES; j++) stretch[j] = STRETCHES; /* beyond the pixels: in none */
        for (int64_t j = 0; j < count; j += TABLES) FOR(k, 0, TABLES) {
            number[stretch[j + k]][k]++;
            compared[few] = (int32_t)(j + k);
            few += edged[stretch[j + k]];
        }
        FOR(i, 0, few) {
            int64_t j = compared[i], from = before[stretch[j]], to = before[stretch[j] + 1];
            while (from < to) {
                int64_t middle = (from + to) / 2;
                if (edges[middle] <= u[j]) from = middle + 1;
                else to = middle;
            }
            out[from]++;
        }
    }
    FOR(s, 0, STRETCHES) if (!edged[s]) FOR(k, 0, TABLES) out[before[s]] += number[s][k];
    free(number);
    return 1;
}
