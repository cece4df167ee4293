/* The chloride network on a square sheet of n x n cells, zero boundary, as one would write it by hand: RK4 of fixed step,
 * separable kernels on padded rows. cc -O3 -march=native chloride.c -lm; ./a.out N STEPS
 * Prints the seconds of the loop and three numbers of the end state. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAD = 96 };
static int n, cells, radius[2];
static double weight[2][2 * PAD + 1];
static double *a, *across, *padded, *conv[2];

static void kernel(int which, double sigma) {
    double s = sigma * n, sum = 0.0;
    int r = (int)ceil(2.5 * s) - 1;
    radius[which] = r < 0 ? 0 : r;
    for (int k = -radius[which]; k <= radius[which]; k++) {
        double w = exp(-k * k / (2.0 * s * s));
        weight[which][k + PAD] = w;
        sum += w;
    }
    for (int k = -radius[which]; k <= radius[which]; k++) weight[which][k + PAD] /= sum;
}

static void convolve(int which, const double *restrict in, double *restrict out) {
    const int r = radius[which];
    const double *w = weight[which] + PAD;
    for (int i = 0; i < n; i++) {
        double *restrict row = padded + PAD;
        memset(row, 0, n * sizeof *row);
        for (int k = -r; k <= r; k++) {
            if (i + k < 0 || i + k >= n) continue;
            const double *restrict from = in + (size_t)(i + k) * n;
            const double wk = w[k];
            for (int j = 0; j < n; j++) row[j] += wk * from[j];
        }
        double *restrict to = out + (size_t)i * n;
        memset(to, 0, n * sizeof *to);
        for (int k = -r; k <= r; k++) {
            const double wk = w[k];
            for (int j = 0; j < n; j++) to[j] += wk * row[j + k];
        }
    }
}

static void drift(double t, const double *restrict x, double *restrict dx) {
    const double chi = 0.2, ge_max = 100, gi_max = 300, gamma = 1.0 / 6, c = 100, gl = 4, el = -58, ee = 0, ek = -90;
    const double beta = 2.5, te = 15, ti = 15, phi0 = -45, dphi = 60, tphi = 100, out = 110, cleq = 6, tcl = 5000;
    const double vd = 0.235702260395516, dk = 40, tk = 5000, f = 96500;
    const double *v = x, *phi = x + cells, *cl = x + 2 * cells, *gk = x + 3 * cells, *ge = x + 4 * cells, *gi = x + 5 * cells;
    double mean = 0.0;
    for (int i = 0; i < cells; i++) {
        a[i] = 1.0 / (1.0 + exp(-(v[i] - phi[i]) / beta));
        mean += a[i];
    }
    mean /= cells;
    convolve(0, a, conv[0]);
    convolve(1, a, conv[1]);
    for (int i = 0; i < cells; i++) {
        double ecl = 26.7 * log(cl[i] / out);
        dx[i] = (gl * (el - v[i]) + ge[i] * (ee - v[i]) + gi[i] * (ecl - v[i]) + gk[i] * (ek - v[i])) / c;
        dx[cells + i] = (phi0 - phi[i] + dphi * a[i]) / tphi;
        dx[2 * cells + i] = chi * gi[i] * (v[i] - ecl) / (vd * f) + (cleq - cl[i]) / tcl;
        dx[3 * cells + i] = (-gk[i] + dk * a[i]) / tk;
        dx[4 * cells + i] = (-ge[i] + ge_max * conv[0][i]) / te;
        dx[5 * cells + i] = (-gi[i] + gi_max * ((1 - gamma) * conv[1][i] + gamma * mean)) / ti;
    }
    if (t >= 0.0)
        for (int i = n / 2 - 2; i < n / 2 + 2; i++)
            for (int j = 0; j < 4; j++) dx[i * n + n / 2 - 2 + j] += 200.0 / c;
}

int main(int argc, char **argv) {
    n = atoi(argv[1]);
    const int steps = atoi(argv[2]);
    const double h = 0.25;
    cells = n * n;
    const size_t dim = 6 * (size_t)cells;
    kernel(0, 0.02);
    kernel(1, 0.03);
    a = malloc(cells * sizeof *a);
    padded = calloc(n + 2 * PAD, sizeof *padded);
    conv[0] = malloc(cells * sizeof **conv);
    conv[1] = malloc(cells * sizeof **conv);
    double *x = malloc(dim * sizeof *x), *y = malloc(dim * sizeof *y), *k[4];
    for (int s = 0; s < 4; s++) k[s] = malloc(dim * sizeof **k);
    const double start[6] = {-58, -45, 6, 0, 0, 0};
    for (int b = 0; b < 6; b++)
        for (int i = 0; i < cells; i++) x[(size_t)b * cells + i] = start[b];
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int step = 0; step < steps; step++) {
        const double t = step * h;
        drift(t, x, k[0]);
        for (size_t i = 0; i < dim; i++) y[i] = x[i] + 0.5 * h * k[0][i];
        drift(t + 0.5 * h, y, k[1]);
        for (size_t i = 0; i < dim; i++) y[i] = x[i] + 0.5 * h * k[1][i];
        drift(t + 0.5 * h, y, k[2]);
        for (size_t i = 0; i < dim; i++) y[i] = x[i] + h * k[2][i];
        drift(t + h, y, k[3]);
        for (size_t i = 0; i < dim; i++) x[i] += h / 6 * (k[0][i] + 2 * (k[1][i] + k[2][i]) + k[3][i]);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    const double seconds = (to.tv_sec - from.tv_sec) + 1e-9 * (to.tv_nsec - from.tv_nsec);
    const int at = (n / 2) * n + n / 2;
    printf("%.6f %.12f %.12f %.12f\n", seconds, x[at], x[2 * cells + at], x[5 * cells]);
    return 0;
}
