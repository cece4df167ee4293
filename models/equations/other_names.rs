//! Functions by the names that they have elsewhere, and by what they do: what to write here instead.

/// How to express a function that does not exist by this name; `None` if nothing is known of it.
pub fn instead(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace('_', "");
    let found = INSTEAD
        .iter()
        .find(|(names, _)| names.contains(&plain.as_str()));
    found.map(|(_, what)| *what)
}

/// Names in lower case without underscores, and what to write.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["loge", "nlog", "naturallog", "lg", "lb", "ld"],
        "`log` (or `ln`) is the natural logarithm, `log10` and `log2` have other bases",
    ),
    (&["logn", "logb"], "a logarithm of base b is log(x)/log(b)"),
    (&["exp2"], "write 2^x"),
    (&["exp10"], "write 10^x"),
    (
        &["power", "powf", "powi", "powr"],
        "write x^y, or pow(x, y)",
    ),
    (&["sqr", "sq", "square"], "write x^2"),
    (&["cube"], "write x^3"),
    (
        &["root", "nthroot"],
        "`sqrt` and `cbrt` are the square and the cubic root; another one is x^(1/n)",
    ),
    (&["rsqrt", "invsqrt"], "write 1/sqrt(x)"),
    (&["inv", "reciprocal"], "write 1/x"),
    (&["arcsin"], "write asin(x)"),
    (&["arccos"], "write acos(x)"),
    (&["arctan", "arctg", "atg"], "write atan(x), or atan2(y, x)"),
    (&["arctan2", "arg", "angle"], "write atan2(y, x)"),
    (&["tg"], "write tan(x)"),
    (&["arcsinh", "arsinh"], "write asinh(x)"),
    (&["arccosh", "arcosh"], "write acosh(x)"),
    (&["arctanh", "artanh"], "write atanh(x)"),
    (&["sh"], "write sinh(x)"),
    (&["ch"], "write cosh(x)"),
    (&["th", "tgh"], "write tanh(x)"),
    (&["sec"], "write 1/cos(x)"),
    (&["csc", "cosec"], "write 1/sin(x)"),
    (&["cot", "ctg", "cotan"], "write 1/tan(x)"),
    (&["sech"], "write 1/cosh(x)"),
    (&["csch", "cosech"], "write 1/sinh(x)"),
    (&["coth"], "write 1/tanh(x)"),
    (&["acot", "arccot"], "write pi/2 - atan(x)"),
    (&["asec", "arcsec"], "write acos(1/x)"),
    (&["acsc", "arccsc"], "write asin(1/x)"),
    (
        &["sinc"],
        "write sin(x)/x; at x = 0, where its value is 1, this is not a number",
    ),
    (&["fabs", "absolute", "magnitude"], "write abs(x)"),
    (
        &["norm", "length", "norm2", "vecnorm"],
        "of two numbers write hypot(a, b); of a vector sqrt(sum(j, x[j]^2))",
    ),
    (
        &["dot", "inner", "matmul", "vdot"],
        "write sum(j, a[j]*b[j]), or sum(j, W[i, j]*x[j])",
    ),
    (&["mean", "average", "avg"], "write sum(j, x[j])/size(x)"),
    (&["total", "add"], "write sum(j, x[j])"),
    (
        &["prod", "product"],
        "there is no product over an index; of positive numbers write exp(sum(j, log(x[j])))",
    ),
    (&["len", "n", "numel", "count", "shape"], "write size(x)"),
    (
        &["sgn", "signum", "csign"],
        "write sign(x), which is 0 at 0",
    ),
    (
        &[
            "step",
            "theta",
            "h",
            "u",
            "heavisidetheta",
            "unitstep",
            "ustep",
            "stepfunction",
            "heav",
            "hevi",
            "hside",
        ],
        "write heaviside(x), which is 1 from 0 on",
    ),
    (
        &[
            "pulse",
            "gate",
            "rect",
            "boxcar",
            "rectangle",
            "box",
            "window",
        ],
        "a pulse from a to b is heaviside(t - a) - heaviside(t - b)",
    ),
    (
        &["squarewave", "rectwave", "pulsetrain"],
        "write heaviside(w - mod(t, period)): 1 for the first w of each period",
    ),
    (&["sawtooth"], "write mod(t, period)/period"),
    (
        &["triangle", "trianglewave"],
        "write abs(2*mod(t, period)/period - 1)",
    ),
    (
        &[
            "if",
            "ifelse",
            "where",
            "piecewise",
            "ternary",
            "cond",
            "iff",
            "select",
            "switch",
            "when",
            "choose",
            "cases",
        ],
        "there is no branch: write a*heaviside(x) + b*(1 - heaviside(x)), which is a from x = 0 on and b below; \
         both a and b must be finite everywhere",
    ),
    (
        &["and", "both", "all"],
        "of two conditions write heaviside(x)*heaviside(y)",
    ),
    (
        &["or", "either", "any"],
        "of two conditions write max(heaviside(x), heaviside(y))",
    ),
    (&["not"], "write 1 - heaviside(x)"),
    (&["lt", "le", "less"], "x < y is heaviside(y - x)"),
    (&["gt", "ge", "greater"], "x > y is heaviside(x - y)"),
    (
        &["delta", "dirac", "diracdelta", "impulse"],
        "no function is a pulse without width: a guard with `reset` makes a state jump, and a narrow pulse of area 1 is \
         (heaviside(t - a) - heaviside(t - a - w))/w",
    ),
    (
        &["kronecker", "kroneckerdelta", "eq", "equal", "kron"],
        "of whole numbers write heaviside(0.5 - abs(i - j))",
    ),
    (
        &["logistic", "expit", "sigm", "logsig", "inverselogit"],
        "write sigmoid(x) = 1/(1 + exp(-x))",
    ),
    (&["logit"], "write log(x/(1 - x))"),
    (
        &[
            "ramp",
            "plus",
            "positive",
            "threshold",
            "relu6",
            "rectify",
            "rectifier",
            "pos",
            "positivepart",
            "rectlin",
            "threshlin",
        ],
        "write relu(x) = max(x, 0)",
    ),
    (&["leakyrelu"], "write max(x, 0.01*x)"),
    (&["softplus"], "write log1p(exp(x))"),
    (&["swish", "silu"], "write x*sigmoid(x)"),
    (&["gelu"], "write 0.5*x*erfc(-x/sqrt(2))"),
    (&["hill"], "write x^n/(K^n + x^n)"),
    (
        &["gauss", "pdf", "gaussian", "normpdf", "normalpdf"],
        "write exp(-0.5*((x - m)/s)^2)",
    ),
    (
        &["normcdf", "ncdf", "normalcdf", "phi", "cdf", "ndtr"],
        "write 0.5*erfc(-x/sqrt(2))",
    ),
    (
        &["erfinv", "inverf", "probit", "erfcinv", "norminv"],
        "there is no inverse of the error function",
    ),
    (
        &["gamma", "tgamma", "lgamma", "gammaln", "factorial", "beta"],
        "there is no gamma function",
    ),
    (
        &[
            "besselj", "bessel", "j0", "j1", "jn", "y0", "i0", "k0", "bessel0",
        ],
        "there are no Bessel functions",
    ),
    (
        &[
            "airy",
            "zeta",
            "lambertw",
            "hypergeom",
            "legendre",
            "hermite",
        ],
        "there are no further special functions",
    ),
    (
        &["fmod", "modulo", "rem", "remainder", "wrap", "modulus"],
        "write mod(a, b) = a - b*floor(a/b), which has the sign of b",
    ),
    (
        &["trunc", "floordiv", "fix", "int"],
        "towards 0: sign(x)*floor(abs(x))",
    ),
    (&["frac", "fract"], "write mod(x, 1)"),
    (&["ceiling"], "write ceil(x)"),
    (&["rint", "nint"], "write round(x)"),
    (
        &["fmin", "minimum", "minof", "amin"],
        "write min(a, b), with as many numbers as needed",
    ),
    (
        &["fmax", "maximum", "maxof", "amax"],
        "write max(a, b), with as many numbers as needed",
    ),
    (
        &["clamp", "limit", "saturate", "sat", "bound", "constrain"],
        "write clip(x, low, high)",
    ),
    (
        &["log1mexp", "logsumexp"],
        "write it with `exp`, `log`, `expm1` and `log1p`",
    ),
    (
        &["vtrap", "linoid", "xoverexpm1", "exprelr"],
        "write 1/exprel(x) for x/(exp(x) - 1), without a hole at 0",
    ),
    (&["deg2rad", "radians"], "write x*pi/180"),
    (&["rad2deg", "degrees"], "write x*180/pi"),
    (
        &[
            "rand", "random", "randn", "normal", "noise", "uniform", "wiener", "xi", "dw",
        ],
        "noise is the `diffusion` of a state variable: [model.state.x], then diffusion = \"s\"",
    ),
    (
        &["diff", "derivative", "deriv", "ddt", "dt", "d"],
        "`drift` is the derivative itself: repeat its expression, or give it a name under [model.define]",
    ),
    (
        &["integral", "integrate", "cumsum"],
        "an integral is a state variable of its own: [model.state.q], then drift = \"x\"",
    ),
    (
        &["delay", "dde", "lag", "history", "prev"],
        "there are no delays; a chain of variables with x[i - 1] - x[i] smears one",
    ),
    (
        &[
            "interp",
            "interp1",
            "interpolate",
            "lookup",
            "table",
            "spline",
        ],
        "there is no interpolation of tables",
    ),
    (
        &["conv", "convolve"],
        "write sum(j, k[mod(i - j, size(k))]*x[j])",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::function;
    use super::*;

    #[test]
    fn every_name_is_there_once_and_is_no_function_of_the_language() {
        let mut all: Vec<&str> = INSTEAD
            .iter()
            .flat_map(|(names, _)| names.iter().copied())
            .collect();
        assert!(all.iter().all(|name| !function::names().contains(name)));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn names_are_found_in_any_case_and_with_underscores() {
        assert_eq!(instead("H"), instead("heaviside_theta"));
        assert_eq!(instead("Piecewise"), instead("if"));
        assert!(instead("frobnicate").is_none());
    }
}
