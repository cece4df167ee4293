/* The stiff test set by CVODE (SUNDIALS) driven from C, for `cargo bench --bench stiff`, which compiles and runs it.
 * Dense matrices by difference quotients; a banded one for the Brusselator, whose cells are interleaved. One line per
 * problem and tolerance: name, rtol, median seconds of the runs, and the state at the end.
 */
#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_band.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_band.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <time.h>

#define CELLS 500
#define RUNS 11

typedef void (*Drift)(const double *, double *);

static void robertson(const double *x, double *d) {
  double a = 0.04 * x[0], b = 1e4 * x[1] * x[2], c = 3e7 * x[1] * x[1];
  d[0] = b - a; d[1] = a - b - c; d[2] = c;
}
static void van_der_pol(const double *x, double *d) {
  d[0] = x[1]; d[1] = 1000.0 * (1.0 - x[0] * x[0]) * x[1] - x[0];
}
static void hires(const double *x, double *d) {
  double p = 280.0 * x[5] * x[7];
  d[0] = -1.71 * x[0] + 0.43 * x[1] + 8.32 * x[2] + 0.0007;
  d[1] = 1.71 * x[0] - 8.75 * x[1];
  d[2] = -10.03 * x[2] + 0.43 * x[3] + 0.035 * x[4];
  d[3] = 8.32 * x[1] + 1.71 * x[2] - 1.12 * x[3];
  d[4] = -1.745 * x[4] + 0.43 * x[5] + 0.43 * x[6];
  d[5] = -p + 0.69 * x[3] + 1.71 * x[4] - 0.43 * x[5] + 0.69 * x[6];
  d[6] = p - 1.81 * x[6];
  d[7] = -d[6];
}
static void oregonator(const double *x, double *d) {
  d[0] = 77.27 * (x[1] + x[0] * (1.0 - 8.375e-6 * x[0] - x[1]));
  d[1] = (x[2] - (1.0 + x[0]) * x[1]) / 77.27;
  d[2] = 0.161 * (x[0] - x[2]);
}
static void pollution(const double *y, double *f) {
  double r[] = {0.35 * y[0], 26.6 * y[1] * y[3], 1.23e4 * y[4] * y[1], 8.6e-4 * y[6], 8.2e-4 * y[6],
    1.5e4 * y[6] * y[5], 1.3e-4 * y[8], 2.4e4 * y[8] * y[5], 1.65e4 * y[10] * y[1], 9e3 * y[10] * y[0],
    2.2e-2 * y[12], 1.2e4 * y[9] * y[1], 1.88 * y[13], 1.63e4 * y[0] * y[5], 4.8e6 * y[2], 3.5e-4 * y[3],
    1.75e-2 * y[3], 1e8 * y[15], 4.44e11 * y[15], 1.24e3 * y[16] * y[5], 2.1 * y[18], 5.78 * y[18],
    4.74e-2 * y[0] * y[3], 1.78e3 * y[18] * y[0], 3.12 * y[19]};
  f[0] = -r[0] - r[9] - r[13] - r[22] - r[23] + (r[1] + r[2] + r[8] + r[10] + r[11] + r[21] + r[24]);
  f[1] = -r[1] - r[2] - r[8] - r[11] + r[0] + r[20];
  f[2] = -r[14] + r[0] + r[16] + r[18] + r[21];
  f[3] = -r[1] - r[15] - r[16] - r[22] + r[14];
  f[4] = -r[2] + 2.0 * r[3] + r[5] + r[6] + r[12] + r[19];
  f[5] = -r[5] - r[7] - r[13] - r[19] + r[2] + 2.0 * r[17];
  f[6] = -r[3] - r[4] - r[5] + r[12];
  f[7] = r[3] + r[4] + r[5] + r[6];
  f[8] = -r[6] - r[7];
  f[9] = -r[11] + r[6] + r[8];
  f[10] = -r[8] - r[9] + r[7] + r[10];
  f[11] = r[8];
  f[12] = -r[10] + r[9];
  f[13] = -r[12] + r[11];
  f[14] = r[13];
  f[15] = -r[17] - r[18] + r[15];
  f[16] = -r[19];
  f[17] = r[19];
  f[18] = -r[20] - r[21] - r[23] + r[22] + r[24];
  f[19] = -r[24] + r[23];
}
/* u and v of a cell side by side. */
static void brusselator(const double *x, double *d) {
  double diffusion = (CELLS + 1.0) * (CELLS + 1.0) / 50.0;
  for (int i = 0; i < CELLS; i++) {
    double u = x[2 * i], v = x[2 * i + 1], reaction = u * u * v;
    double ul = i ? x[2 * i - 2] : 1.0, vl = i ? x[2 * i - 1] : 3.0;
    double ur = i < CELLS - 1 ? x[2 * i + 2] : 1.0, vr = i < CELLS - 1 ? x[2 * i + 3] : 3.0;
    d[2 * i] = 1.0 + reaction - 4.0 * u + diffusion * (ul - 2.0 * u + ur);
    d[2 * i + 1] = 3.0 * u - reaction + diffusion * (vl - 2.0 * v + vr);
  }
}

static int rhs(double t, N_Vector x, N_Vector d, void *drift) {
  (void)t;
  (*(Drift *)drift)(N_VGetArrayPointer(x), N_VGetArrayPointer(d));
  return 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}
static int ascending(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return d < 0 ? -1 : d > 0;
}

static void run(SUNContext context, const char *name, Drift drift, int n, int band, const double *x0, double stop,
                double floor) {
  for (int digits = 3; digits <= 10; digits++) {
    double rtol = pow(10.0, -digits), seconds[RUNS], *end = malloc(n * sizeof(double));
    for (int k = 0; k < RUNS; k++) {
      double before = now(), t;
      N_Vector x = N_VNew_Serial(n, context);
      memcpy(N_VGetArrayPointer(x), x0, n * sizeof(double));
      void *memory = CVodeCreate(CV_BDF, context);
      CVodeInit(memory, rhs, 0.0, x);
      CVodeSetUserData(memory, &drift);
      CVodeSStolerances(memory, rtol, rtol * floor);
      SUNMatrix matrix = band ? SUNBandMatrix(n, band, band, context) : SUNDenseMatrix(n, n, context);
      SUNLinearSolver solver = band ? SUNLinSol_Band(x, matrix, context) : SUNLinSol_Dense(x, matrix, context);
      CVodeSetLinearSolver(memory, solver, matrix);
      CVodeSetMaxNumSteps(memory, 10000000);
      CVodeSetStopTime(memory, stop);
      if (CVode(memory, stop, x, &t, CV_NORMAL) < 0) { fprintf(stderr, "%s failed\n", name); }
      memcpy(end, N_VGetArrayPointer(x), n * sizeof(double));
      CVodeFree(&memory);
      SUNLinSolFree(solver);
      SUNMatDestroy(matrix);
      N_VDestroy(x);
      seconds[k] = now() - before;
    }
    qsort(seconds, RUNS, sizeof(double), ascending);
    printf("%s,%g,%.9g", name, rtol, seconds[RUNS / 2]);
    for (int i = 0; i < n; i++) {
      int place = band ? (i < CELLS ? 2 * i : 2 * (i - CELLS) + 1) : i;
      printf(",%.17g", end[place]);
    }
    printf("\n");
    free(end);
  }
}

int main(void) {
  SUNContext context;
  SUNContext_Create(NULL, &context);
  double three[] = {1, 0, 0}, two[] = {2, 0}, eight[] = {1, 0, 0, 0, 0, 0, 0, 0.0057}, abc[] = {1, 2, 3}, twenty[20] = {0};
  static double cells[2 * CELLS];
  twenty[1] = 0.2; twenty[3] = 0.04; twenty[6] = 0.1; twenty[7] = 0.3; twenty[8] = 0.01; twenty[16] = 0.007;
  for (int i = 0; i < CELLS; i++) {
    cells[2 * i] = 1.0 + sin(2.0 * acos(-1.0) * (i + 1) / (CELLS + 1.0));
    cells[2 * i + 1] = 3.0;
  }
  run(context, "Robertson", robertson, 3, 0, three, 1e11, 1e-8);
  run(context, "van der Pol 1000", van_der_pol, 2, 0, two, 2000.0, 1e-3);
  run(context, "HIRES", hires, 8, 0, eight, 321.8122, 1e-3);
  run(context, "Oregonator", oregonator, 3, 0, abc, 360.0, 1.0);
  run(context, "Pollution", pollution, 20, 0, twenty, 60.0, 1e-3);
  run(context, "Brusselator 500", brusselator, 2 * CELLS, 2, cells, 10.0, 1.0);
  return 0;
}
