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

/* Sum of (w + floor) ln((v - low) factor + added), of the size of that if `size`; a pixel without weight has no part. */
KERNEL double NAMED(weighted_log, TYPE)(
    const T *v, double low, double factor, double added, int64_t size, const double *w, double floor, int64_t n
) {
    double total = 0, logs[PART], sum[LANES] = {0};
    for (int64_t start = 0; start < n; start += PART) {
        int64_t count = least(PART, n - start), i = 0, unusual = 0;
        const double *weight = w + start;
        FOR(j, 0, count) {
            double x = (v[start + j] - low) * factor + added;
            x = signless(x, size);
            unusual |= !((x >= DBL_MIN) & (x <= DBL_MAX));
            logs[j] = ln(x);
        }
        if (unusual) FOR(j, 0, count) {
            double x = (v[start + j] - low) * factor + added;
            logs[j] = weight[j] + floor > 0 ? log(signless(x, size)) : 0;
        }
        for (; i + LANES <= count; i += LANES)
            FOR(k, 0, LANES) sum[k] += (weight[i + k] + floor) * logs[i + k];
        for (; i < count; i++) sum[0] += (weight[i] + floor) * logs[i];
        FOR(k, 0, LANES) total += sum[k], sum[k] = 0;
    }
    return total;
}

/* Number of pixels that reach exactly k of m ascending edges, for each k: out has m + 1 places. A pixel reaches an
   edge when (v - low) / range is not below it. Each stretch of values knows which edges lie in it, so that few pixels
   are compared with any. Returns whether there was memory. */
KERNEL int64_t NAMED(reached, TYPE)(
    const T *v, int64_t n, double low, double range, const double *edges, int64_t m, int64_t *out
) {
    enum { STRETCHES = 4096 };
    double u[PART], bottom = edges[0], top = edges[m - 1], scale = (STRETCHES - 1) / (top - bottom);
    int64_t before[STRETCHES + 1] = {0}; /* edges below each stretch */
    int64_t *counts = calloc((size_t)(TABLES * (m + 1)), sizeof *counts);
    if (!counts) return 0;
    if (!(scale < 1e300)) scale = 0; /* all edges are one, or next to it: one stretch */
    for (int64_t stretch = 0, at = 0; stretch < STRETCHES; before[++stretch] = at)
        while (at < m && whole((edges[at] - bottom) * scale) <= stretch) at++;
    for (int64_t start = 0; start < n; start += PART) {
        int64_t count = least(PART, n - start);
        FOR(j, 0, count) u[j] = (v[start + j] - low) / range;
        FOR(j, 0, count) {
            int64_t from = u[j] < top ? 0 : m, to = from;
            if (u[j] >= bottom && u[j] < top) {
                int64_t stretch = whole((u[j] - bottom) * scale);
                from = before[stretch], to = before[stretch + 1];
            }
            while (from < to) {
                int64_t middle = (from + to) / 2;
                if (edges[middle] <= u[j]) from = middle + 1;
                else to = middle;
            }
            counts[j % TABLES * (m + 1) + from]++;
        }
    }
    memset(out, 0, (size_t)(m + 1) * sizeof *out);
    FOR(k, 0, TABLES) FOR(j, 0, m + 1) out[j] += counts[k * (m + 1) + j];
    free(counts);
    return 1;
}
