//! The models of customer lifetime value against slow evaluations by numerical integration, and against made-up customers whose
//! parameters are known.

use posthouse_domain::clv::bgnbd::{self, BgNbd, Visits};
use posthouse_domain::clv::gamma_gamma::{self, GammaGamma, Values};
use posthouse_domain::clv::{self, FEWEST_REPEATERS, Model, Purchases, Unfit};

/// The integral over the whole line by the trapezoidal rule, which is as good as exact for smooth functions that vanish at both ends.
fn integral(from: f64, to: f64, steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    let width = (to - from) / f64::from(steps);
    (0..=steps).map(|step| f(from + width * f64::from(step))).sum::<f64>() * width
}

/// Expectation of `f` over a gamma distribution, by integrating over the logarithm of the rate, not normalised.
fn over_gamma(shape: f64, scale: f64, steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    integral(-60.0, 12.0, steps, |log| {
        let rate = log.exp();
        (shape * log - scale * rate).exp() * f(rate)
    })
}

/// The same over a beta distribution, by integrating over the logit of the chance; `f` takes the chance and what it lacks to 1.
fn over_beta(a: f64, b: f64, steps: u32, f: impl Fn(f64, f64) -> f64) -> f64 {
    integral(-60.0, 60.0, steps, |logit| {
        let (chance, rest) = (1.0 / (1.0 + (-logit).exp()), 1.0 / (1.0 + logit.exp()));
        chance.powf(a) * rest.powf(b) * f(chance, rest)
    })
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(1e-9);
    assert!(error < tolerance, "{what}: {found}, expected {expected}");
}

const MODELS: [BgNbd; 4] = [
    BgNbd {
        r: 0.243,
        alpha: 4.414,
        a: 0.793,
        b: 2.426,
    },
    BgNbd {
        r: 1.7,
        alpha: 30.0,
        a: 1.0,
        b: 4.0,
    },
    BgNbd {
        r: 3.0,
        alpha: 80.0,
        a: 2.5,
        b: 0.6,
    },
    BgNbd {
        r: 25.0,
        alpha: 900.0,
        a: 0.3,
        b: 9.0,
    },
];

fn visits() -> impl Iterator<Item = Visits> {
    let some = [
        (0, 0.0, 0.0),
        (0, 0.0, 38.9),
        (1, 2.0, 30.0),
        (2, 30.4, 38.9),
        (7, 11.3, 100.0),
        (40, 200.0, 204.0),
    ];
    some.into_iter()
        .map(|(repeats, last, age)| Visits { repeats, last, age })
}

/// Likelihood of the bookings with rate and chance averaged over their distributions: `(stayed, lost at the last)`.
fn slow_likelihood(model: &BgNbd, visits: &Visits) -> f64 {
    let BgNbd { r, alpha, a, b } = *model;
    let x = f64::from(visits.repeats);
    let rates = |until: f64| {
        over_gamma(r, alpha, 20_000, |rate| rate.powf(x) * (-rate * until).exp())
            / over_gamma(r, alpha, 20_000, |_| 1.0)
    };
    let all = over_beta(a, b, 20_000, |_, _| 1.0);
    let stayed = over_beta(a, b, 20_000, |_, rest| rest.powf(x)) / all * rates(visits.age);
    if visits.repeats == 0 {
        return stayed;
    }
    stayed + over_beta(a, b, 20_000, |chance, rest| chance * rest.powf(x - 1.0)) / all * rates(visits.last)
}

/// Bookings to come, averaged over rate and chance as they are likely after what was seen.
fn slow_expected(model: &BgNbd, visits: &Visits, weeks: f64) -> f64 {
    let BgNbd { r, alpha, a, b } = *model;
    let x = f64::from(visits.repeats);
    let sum = |f: &dyn Fn(f64, f64, f64) -> f64| {
        over_gamma(r, alpha, 900, |rate| {
            over_beta(a, b, 300, |chance, rest| f(rate, chance, rest))
        })
    };
    // who stayed at the end of the time watched makes this many bookings until they are lost or the weeks are over
    let ahead = |rate: f64, chance: f64| -(-rate * chance * weeks).exp_m1() / chance;
    let stayed = |rate: f64, rest: f64| rest.powf(x) * rate.powf(x) * (-rate * visits.age).exp();
    let lost = |rate: f64, chance: f64, rest: f64| {
        if visits.repeats == 0 {
            return 0.0;
        }
        chance * rest.powf(x - 1.0) * rate.powf(x) * (-rate * visits.last).exp()
    };
    sum(&|rate, chance, rest| stayed(rate, rest) * ahead(rate, chance))
        / sum(&|rate, chance, rest| stayed(rate, rest) + lost(rate, chance, rest))
}

#[test]
fn the_likelihood_of_bookings_is_its_integral() {
    for model in MODELS {
        for visits in visits() {
            let slow = slow_likelihood(&model, &visits).ln();
            let found = model.log_likelihood(&visits);
            assert!(
                (found - slow).abs() < 1e-6 * slow.abs().max(1.0),
                "{model:?} {visits:?}: {found} {slow}"
            );
        }
    }
}

#[test]
fn expected_bookings_are_their_integral() {
    for model in MODELS {
        for visits in visits() {
            for weeks in [4.0, 730.0 / 7.0] {
                let what = format!("{model:?} {visits:?} {weeks}");
                near(
                    model.expected(&visits, weeks),
                    slow_expected(&model, &visits, weeks),
                    1e-4,
                    &what,
                );
            }
        }
    }
}

#[test]
fn values_are_their_integrals() {
    for model in [
        GammaGamma {
            p: 6.25,
            q: 3.74,
            gamma: 15.44,
        },
        GammaGamma {
            p: 0.8,
            q: 1.6,
            gamma: 4000.0,
        },
    ] {
        for (repeats, mean) in [(1, 22.0), (3, 3500.0), (12, 18.5)] {
            let GammaGamma { p, q, gamma } = model;
            let shape = p * f64::from(repeats);
            // the mean of x values of a customer whose values have the scale `scale`, up to what depends on neither
            let density = |scale: f64| {
                let all = scale * f64::from(repeats);
                (shape * all.ln() + (shape - 1.0) * f64::ln(mean) - all * mean - libm::lgamma(shape)).exp()
            };
            let all = over_gamma(q, gamma, 40_000, |_| 1.0);
            let slow = over_gamma(q, gamma, 40_000, density) / all;
            let values = Values { repeats, mean };
            near(
                model.log_likelihood(&values),
                slow.ln(),
                1e-6,
                &format!("{model:?} {values:?}"),
            );
            let mean_ahead = over_gamma(q, gamma, 40_000, |scale| density(scale) * p / scale)
                / over_gamma(q, gamma, 40_000, density);
            near(
                model.expected(repeats, Some(mean)),
                mean_ahead,
                1e-6,
                &format!("{model:?} {values:?}"),
            );
        }
        let everyone = over_gamma(model.q, model.gamma, 400_000, |scale| model.p / scale)
            / over_gamma(model.q, model.gamma, 400_000, |_| 1.0);
        near(model.expected(0, None), everyone, 1e-3, "one who did not come again");
    }
}

/// A generator of numbers between 0 and 1, and of the distributions the models are made of.
struct Dice(u64);

impl Dice {
    fn one(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.one().ln()).sqrt() * (std::f64::consts::TAU * self.one()).cos()
    }

    /// By the method of Marsaglia and Tsang.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.one().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.one().ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    fn visits(&mut self, model: &BgNbd, age: f64) -> Visits {
        let rate = self.gamma(model.r) / model.alpha;
        let (stays, goes) = (self.gamma(model.b), self.gamma(model.a));
        let chance = goes / (stays + goes);
        let (mut repeats, mut last, mut at) = (0, 0.0, 0.0);
        loop {
            at -= self.one().ln() / rate;
            if at > age {
                break;
            }
            (repeats, last) = (repeats + 1, at);
            if self.one() < chance {
                break;
            }
        }
        Visits { repeats, last, age }
    }
}

#[test]
fn parameters_of_made_up_customers_are_found_again() {
    let truth = BgNbd {
        r: 0.7,
        alpha: 12.0,
        a: 0.9,
        b: 3.0,
    };
    let money = GammaGamma {
        p: 4.0,
        q: 3.5,
        gamma: 60_000.0,
    };
    let mut dice = Dice(7);
    let (mut visits, mut values) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let age = 20.0 + 130.0 * dice.one();
        let one = dice.visits(&truth, age);
        if one.repeats > 0 {
            let scale = dice.gamma(money.q) / money.gamma;
            let repeats = f64::from(one.repeats);
            let mean = dice.gamma(money.p * repeats) / scale / repeats;
            values.push(Values {
                repeats: one.repeats,
                mean,
            });
        }
        visits.push(one);
    }
    let (found, log_likelihood) = bgnbd::fit(&visits);
    near(found.r, truth.r, 0.06, "r");
    near(found.alpha, truth.alpha, 0.08, "alpha");
    near(
        found.a / (found.a + found.b),
        truth.a / (truth.a + truth.b),
        0.06,
        "mean chance",
    );
    let sum = |model: &BgNbd| visits.iter().map(|one| model.log_likelihood(one)).sum::<f64>();
    near(
        log_likelihood,
        sum(&found),
        1e-9,
        "the sum over groups is the sum over customers",
    );
    assert!(
        log_likelihood >= sum(&truth),
        "no parameters are likelier than those found"
    );
    for nudge in [0.999, 1.001] {
        assert!(
            sum(&BgNbd {
                r: found.r * nudge,
                ..found
            }) < log_likelihood
        );
        assert!(
            sum(&BgNbd {
                alpha: found.alpha * nudge,
                ..found
            }) < log_likelihood
        );
        assert!(
            sum(&BgNbd {
                a: found.a * nudge,
                ..found
            }) < log_likelihood
        );
        assert!(
            sum(&BgNbd {
                b: found.b * nudge,
                ..found
            }) < log_likelihood
        );
    }
    let (found, log_likelihood) = gamma_gamma::fit(&values);
    near(found.p, money.p, 0.06, "p");
    near(found.q, money.q, 0.06, "q");
    near(found.expected(0, None), money.expected(0, None), 0.03, "mean value");
    let sum: f64 = values.iter().map(|one| found.log_likelihood(one)).sum();
    near(
        log_likelihood,
        sum,
        1e-9,
        "the sum over groups is the sum over customers",
    );
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let buyer = |first_on, repeats| Purchases {
        repeats,
        first_on,
        last_on: first_on + 7 * repeats as i32,
        spend: 500 * i64::from(repeats + 1),
        repeat_spend: 500 * i64::from(repeats),
    };
    let many = |n: usize, first_on| {
        (0..n)
            .map(|i| buyer(first_on + (i % 9) as i32, 1 + i as u32 % 4))
            .collect::<Vec<_>>()
    };
    assert_eq!(clv::fit(1_000, &[]).err(), Some(Unfit::TooFewRepeaters));
    assert_eq!(
        clv::fit(1_000, &many(FEWEST_REPEATERS - 1, 500)).err(),
        Some(Unfit::TooFewRepeaters)
    );
    assert_eq!(
        clv::fit(1_000, &many(FEWEST_REPEATERS, 900)).err(),
        Some(Unfit::TooShort)
    );
    let fitted = clv::fit(1_000, &many(FEWEST_REPEATERS, 500)).expect("enough");
    assert_eq!(
        clv::fit(1_000, &many(FEWEST_REPEATERS, 500)),
        Ok(fitted),
        "the same customers, the same model"
    );
}

#[test]
fn worth_is_bookings_times_value() {
    let model = Model {
        day: 1_000,
        rate: MODELS[0],
        value: GammaGamma {
            p: 6.25,
            q: 3.74,
            gamma: 1_544.0,
        },
    };
    let purchases = Purchases {
        repeats: 2,
        first_on: 1_000 - 273,
        last_on: 1_000 - 60,
        spend: 9_000,
        repeat_spend: 7_000,
    };
    let visits = Visits {
        repeats: 2,
        last: 213.0 / 7.0,
        age: 39.0,
    };
    let expected = model.rate.expected(&visits, 730.0 / 7.0) * model.value.expected(2, Some(3_500.0));
    assert_eq!(model.worth(&purchases), Some(expected.round() as i64));
    // a booking after the model's day is seen on its own day
    let later = Purchases {
        last_on: 1_007,
        repeats: 3,
        ..purchases
    };
    let visits = Visits {
        repeats: 3,
        last: 40.0,
        age: 40.0,
    };
    let expected = model.rate.expected(&visits, 730.0 / 7.0) * model.value.expected(3, Some(7_000.0 / 3.0));
    assert_eq!(model.worth(&later), Some(expected.round() as i64));
    assert!(
        model.worth(&Purchases {
            repeats: 0,
            last_on: purchases.first_on,
            repeat_spend: 0,
            ..purchases
        }) > Some(0)
    );
}

/// `n` buyers of about 1,000.00 a time, and these beside them.
fn beside(n: usize, others: &[Purchases]) -> Vec<Purchases> {
    let mut dice = Dice(3);
    let usual = (0..n).map(|i| {
        let repeats = 1 + i as u32 % 5;
        let spend = (100_000.0 * dice.gamma(4.0) / 4.0) as i64 * i64::from(repeats);
        Purchases {
            repeats,
            first_on: 100 + (i % 300) as i32,
            last_on: 420 + (i % 500) as i32,
            spend: spend + 100_000,
            repeat_spend: spend,
        }
    });
    usual.chain(others.iter().copied()).collect()
}

/// A customer who came back so often and paid so much a time, the first time as well.
fn payer(repeats: u32, each: i64) -> Purchases {
    Purchases {
        repeats,
        first_on: 300,
        last_on: 300 + 30 * repeats as i32,
        spend: each * i64::from(repeats + 1),
        repeat_spend: each * i64::from(repeats),
    }
}

#[test]
fn one_absurd_amount_makes_nobody_rich() {
    let sane = clv::fit(1_000, &beside(200, &[])).expect("a fit").model;
    for absurd in [1_000_000_000_000, 9_000_000_000_000_000, 100_000_000_000] {
        let model = clv::fit(1_000, &beside(200, &[payer(1, absurd)])).expect("a fit").model;
        for spends_nothing in [payer(0, 0), payer(1, 0), payer(6, 0)] {
            assert_eq!(model.worth(&spends_nothing), Some(0));
        }
        assert_eq!(model.worth(&payer(1, absurd)), None, "nobody knows what that is worth");
        assert_eq!(
            model.worth(&payer(0, absurd)),
            None,
            "the first time as little as any other"
        );
        for usual in [payer(0, 100_000), payer(1, 80_000), payer(4, 150_000)] {
            let (here, there) = (model.worth(&usual).expect("known"), sane.worth(&usual).expect("known"));
            near(
                here as f64,
                there as f64,
                0.1,
                "as if the absurd one had not been there",
            );
        }
    }
}

#[test]
fn amounts_without_a_middle_are_unfit() {
    // a tenth of all amounts is in another unit
    let others = vec![payer(2, 1_000_000_000_000); 20];
    assert_eq!(
        clv::fit(1_000, &beside(180, &others)).err(),
        Some(Unfit::AmountsTooFarApart)
    );
    // each a hundred times the one before
    let spread: Vec<Purchases> = (0..120).map(|i| payer(1, 100i64.pow(1 + i % 7))).collect();
    assert_eq!(clv::fit(1_000, &spread).err(), Some(Unfit::AmountsTooFarApart));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn nobody_is_worth_more_than_their_bookings(
        amounts in proptest::collection::vec((0u32..9, 0i64..2_000_000_000_000), 0..40),
        scale in 1i64..100_000_000,
    ) {
        let others: Vec<Purchases> = amounts.iter().map(|(repeats, each)| payer(*repeats, each / scale)).collect();
        if let Ok(fit) = clv::fit(1_000, &beside(120, &others)) {
            let usual = fit.model.value.expected(0, None);
            let known: Vec<&Purchases> = others.iter().filter(|p| p.repeat_spend > 0).collect();
            let most = known.iter().map(|p| p.repeat_spend as f64 / f64::from(p.repeats)).fold(usual, f64::max);
            for one in &others {
                if one.spend == 0 {
                    proptest::prop_assert_eq!(fit.model.worth(one), Some(0));
                }
                // two bookings a week for two years are more than anybody makes
                proptest::prop_assert!(fit.model.worth(one).unwrap_or(0) as f64 <= 210.0 * most + 1.0);
            }
        }
    }
}
