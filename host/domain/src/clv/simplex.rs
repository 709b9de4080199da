//! The downhill simplex of Nelder and Mead, for functions of a few parameters that need no derivatives.

/// Steps after which one descent ends, settled or not.
const MOST_STEPS: usize = 2_000;
/// A simplex whose corners lie this close together in every direction is settled.
const NARROW: f64 = 1e-7;
/// Descents begun again from where the last one ended, so that a simplex that collapsed too early is not the end.
const DESCENTS: usize = 4;

/// The lowest point found from `start` on, and the value there. `first_step` is how far the first corners lie apart.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    first_step: f64,
    f: impl Fn(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let mut best = (start, f(&start));
    for _ in 0..DESCENTS {
        let found = descend(best.0, first_step, &f);
        let gained = best.1 - found.1;
        if found.1 < best.1 {
            best = found;
        }
        if gained <= 1e-9 * best.1.abs() {
            break;
        }
    }
    best
}

fn descend<const N: usize>(start: [f64; N], first_step: f64, f: impl Fn(&[f64; N]) -> f64) -> ([f64; N], f64) {
    let mut corners: Vec<([f64; N], f64)> = Vec::with_capacity(N + 1);
    corners.push((start, f(&start)));
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += first_step;
        corners.push((corner, f(&corner)));
    }
    for _ in 0..MOST_STEPS {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0], corners[N]);
        let narrow = |axis: usize| {
            corners
                .iter()
                .all(|corner| (corner.0[axis] - best.0[axis]).abs() < NARROW)
        };
        if (0..N).all(narrow) {
            break;
        }
        let mut centre = [0.0; N];
        for corner in &corners[..N] {
            for (sum, coordinate) in centre.iter_mut().zip(&corner.0) {
                *sum += coordinate / N as f64;
            }
        }
        // the point on the line from the worst corner through the centre of the others
        let at = |scale: f64| {
            let mut point = centre;
            for (coordinate, worst) in point.iter_mut().zip(&worst.0) {
                *coordinate += scale * (*coordinate - worst);
            }
            (point, f(&point))
        };
        let reflected = at(1.0);
        let better = if reflected.1 < best.1 {
            let expanded = at(2.0);
            Some(if expanded.1 < reflected.1 { expanded } else { reflected })
        } else if reflected.1 < corners[N - 1].1 {
            Some(reflected)
        } else {
            let contracted = if reflected.1 < worst.1 { at(0.5) } else { at(-0.5) };
            Some(contracted).filter(|point| point.1 < reflected.1.min(worst.1))
        };
        match better {
            Some(point) => corners[N] = point,
            None => {
                for corner in &mut corners[1..] {
                    for (coordinate, best) in corner.0.iter_mut().zip(&best.0) {
                        *coordinate = best + (*coordinate - best) / 2.0;
                    }
                    corner.1 = f(&corner.0);
                }
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn finds_the_end_of_a_bent_valley() {
        let valley = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let (point, value) = minimise([-1.2, 1.0], 0.5, valley);
        assert!((point[0] - 1.0).abs() < 1e-5 && (point[1] - 1.0).abs() < 1e-5 && value < 1e-10);
    }
}
