/* Components of pixels at every level: pixels are added from the highest level down, and joined to those of their
   neighbours that are there. */

enum { HIGH_LEVEL, LOW_LEVEL, SIZE, TOP, LEFT, BOTTOM, RIGHT, COLUMNS };

typedef struct {
    int32_t parent, row, first, of[COLUMNS]; /* first: pixel; of: as in a row of what is found; true of roots */
} Piece;

static int32_t root(Piece *piece, int32_t i) {
    while (piece[i].parent != i) i = piece[i].parent = piece[piece[i].parent].parent;
    return i;
}

/* The row of a component that changes at a level ends there. */
static void end_row(Piece *one, int32_t level, int32_t *rows) {
    if (one->row >= 0) rows[(int64_t)one->row * COLUMNS + LOW_LEVEL] = level;
    one->row = -1;
}

static void join(Piece *piece, int32_t i, int32_t k, int32_t level, int32_t *rows) {
    int32_t a = root(piece, i), b = root(piece, k);
    if (a == b) return;
    if (piece[a].of[SIZE] < piece[b].of[SIZE]) { int32_t kept = a; a = b, b = kept; }
    int32_t *to = piece[a].of, *from = piece[b].of;
    end_row(piece + a, level, rows), end_row(piece + b, level, rows);
    piece[b].parent = a;
    if (piece[b].first < piece[a].first) piece[a].first = piece[b].first;
    to[SIZE] += from[SIZE];
    FOR(c, TOP, BOTTOM) to[c] = from[c] < to[c] ? from[c] : to[c];
    FOR(c, BOTTOM, COLUMNS) to[c] = from[c] > to[c] ? from[c] : to[c];
}

/* Has a component more pixels than another, or as many and the first of them? */
static int beats(const Piece *one, const Piece *other) {
    return one->of[SIZE] != other->of[SIZE] ? one->of[SIZE] > other->of[SIZE] : one->first < other->first;
}

/* Rows of components: for low < t <= high it is one of the pixels whose level is at least t. largest: for each t the
   row of the component with most pixels, of several that which is met first, -1 where there is none. Returns the
   number of rows, at most one for each pixel, or -1 without memory. */
KERNEL int64_t components_u8(
    const uint8_t *v, int64_t height, int64_t width, int64_t diagonal, int32_t *rows, int32_t *largest
) {
    static const int down[] = {-1, 0, 0, 1, -1, -1, 1, 1}, across[] = {0, -1, 1, 0, -1, 1, -1, 1};
    int64_t n = height * width, end[LEVELS], found = 0;
    int32_t best = -1, *order = malloc((size_t)n * sizeof *order);
    Piece *piece = malloc((size_t)n * sizeof *piece);
    int made = order && piece;
    if (made) {
        histogram_u8(v, n, end);
        FOR(level, 1, LEVELS) end[level] += end[level - 1];
        for (int64_t i = n; i-- > 0;) order[--end[v[i]]] = (int32_t)i, piece[i].parent = -1;
    }
    for (int32_t level = LEVELS - 1; made && level > 0; level--) {
        int64_t start = end[level], stop = level == LEVELS - 1 ? n : end[level + 1];
        FOR(k, start, stop) {
            int32_t i = order[k], y = i / (int32_t)width, x = i % (int32_t)width;
            piece[i] = (Piece){i, -1, i, {level, 0, 1, y, x, y + 1, x + 1}};
            FOR(side, 0, diagonal ? 8 : 4) {
                int64_t row = y + down[side], column = x + across[side], other = row * width + column;
                if (row < 0 || row >= height || column < 0 || column >= width || piece[other].parent < 0) continue;
                join(piece, i, (int32_t)other, level, rows);
            }
        }
        if (best >= 0) best = root(piece, best);
        FOR(k, start, stop) {
            Piece *one = piece + root(piece, order[k]);
            if (one->row >= 0) continue;
            one->row = (int32_t)found++, one->of[HIGH_LEVEL] = level;
            memcpy(rows + (int64_t)one->row * COLUMNS, one->of, sizeof one->of);
            if (best < 0 || beats(one, piece + best)) best = one->parent;
        }
        largest[level] = best < 0 ? -1 : piece[best].row;
    }
    free(order), free(piece);
    return made ? found : -1;
}
