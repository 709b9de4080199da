//! Student's t, by the regularised incomplete beta function.

/// The value below which a share `p`, above one half, of Student's t with `degrees` of freedom lies. Good to nine digits.
pub(super) fn quantile(p: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while below(high, degrees) < p && high < 1e9 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if below(middle, degrees) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The share below `t`, which is not below zero.
fn below(t: f64, degrees: f64) -> f64 {
    1.0 - beta_share(degrees / (degrees + t * t), degrees / 2.0, 0.5) / 2.0
}

/// The regularised incomplete beta function. The fraction is quick only up to the mean; beyond it the other side is worked out.
fn beta_share(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front =
        libm::exp(libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function, worked out forwards as Lentz does it.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |n: f64| if n.abs() < TINY { TINY } else { n };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..1_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            value *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_equal_those_of_an_integrated_density() {
        // the density integrated by Simpson's rule, the share searched by halving; the whole degrees stand in every table
        for (degrees, expected) in [
            (1.5, 6.016_663_1),
            (2.0, 4.302_652_730),
            (3.7, 2.867_520_707),
            (5.0, 2.570_581_836),
            (10.0, 2.228_138_852),
            (24.988_53, 2.059_586_488),
            (30.0, 2.042_272_456),
            (57.3, 2.002_238_268),
            (100.0, 1.983_971_519),
            (1_000.0, 1.962_339_081),
        ] {
            let found = quantile(0.975, degrees);
            assert!((found - expected).abs() < 5e-7, "{degrees}: {found} is not {expected}");
        }
        assert!((quantile(0.75, 5.0) - 0.726_686_844).abs() < 1e-8);
        // with many degrees it is the normal distribution
        assert!((quantile(0.975, 1e8) - 1.959_963_985).abs() < 1e-6);
    }
}
