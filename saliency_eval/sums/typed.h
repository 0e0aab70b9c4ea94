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

/* Sum of the lesser of (v - low) scale and w - other_low. */
KERNEL double NAMED(shared, TYPE)(
    const T *v, double low, double scale, const double *w, double other_low, int64_t n
) {
    double sum[LANES] = {0}, total = 0;
    for (int64_t start = 0; start < n; start += PART) {
        int64_t end = least(start + PART, n), i = start;
        for (; i + LANES <= end; i += LANES) FOR(k, 0, LANES) {
            double one = (v[i + k] - low) * scale, other = w[i + k] - other_low;
            sum[k] += one < other ? one : other;
        }
        for (; i < end; i++) {
            double one = (v[i] - low) * scale, other = w[i] - other_low;
            sum[0] += one < other ? one : other;
        }
        FOR(k, 0, LANES) total += sum[k], sum[k] = 0;
    }
    return total;
}

/* Number of pixels that reach exactly k of m ascending edges, for each k: out has m + 1 places. A pixel reaches an
   edge when (v - low) / range is not below it. Each stretch of values knows which edges lie in it, so that few pixels
   are compared with any. Returns whether there was memory. */
KERNEL int NAMED(reached, TYPE)(
    const T *v, int64_t n, double low, double range, const double *edges, int64_t m, int64_t *out
) {
    enum { STRETCHES = 4096 };
    int64_t first[STRETCHES + 1]; /* edges before each stretch */
    int64_t *counts = calloc((size_t)(TABLES * (m + 1)), sizeof *counts);
    double bottom = edges[0], scale = (STRETCHES - 1) / (edges[m - 1] - bottom);
    int64_t at = 0;
    if (!counts) return 0;
    if (!(scale < 1e300)) scale = 0; /* all edges are one, or next to it */
    FOR(stretch, 0, STRETCHES) {
        while (at < m && (int64_t)((edges[at] - bottom) * scale) < stretch) at++;
        first[stretch] = at;
    }
    first[STRETCHES] = m;
    FOR(i, 0, n) {
        double u = (v[i] - low) / range;
        int64_t from = 0, to = 0;
        if (u >= edges[m - 1]) {
            from = to = m;
        } else if (u >= bottom) {
            int64_t stretch = (int64_t)((u - bottom) * scale);
            from = first[stretch], to = first[stretch + 1];
        }
        while (from < to) {
            int64_t middle = (from + to) / 2;
            if (edges[middle] <= u) from = middle + 1;
            else to = middle;
        }
        counts[(i % TABLES) * (m + 1) + from]++;
    }
    memset(out, 0, (size_t)(m + 1) * sizeof *out);
    FOR(k, 0, TABLES) FOR(j, 0, m + 1) out[j] += counts[k * (m + 1) + j];
    free(counts);
    return 1;
}
