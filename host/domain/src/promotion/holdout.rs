//! Who is kept out of a campaign, so that its effect can be seen.

use super::WHOLE;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Whether the customer belongs to the `share` (in basis points) that the campaign leaves alone. It depends on the two ids and on
/// nothing else, so that the same customers stay out however often and wherever they ask.
pub fn keeps_out(campaign: Uuid, customer: Uuid, share: u32) -> bool {
    let hash = Sha256::new()
        .chain_update(campaign.as_bytes())
        .chain_update(customer.as_bytes())
        .finalize();
    let mut start = [0; 8];
    start.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(start) % u64::from(WHOLE) < u64::from(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_out_and_stays_out() {
        let campaign = Uuid::from_u128(7);
        let out = |share| {
            let all = (0..20_000).filter(|n| keeps_out(campaign, Uuid::from_u128(*n), share));
            all.collect::<Vec<u128>>()
        };
        assert!(out(0).is_empty());
        assert_eq!(out(WHOLE).len(), 20_000);
        let (few, more) = (out(1_000), out(1_500));
        // 2,000 are expected; six standard deviations are 255
        assert!((1_745..=2_255).contains(&few.len()), "{}", few.len());
        assert!(
            few.iter().all(|customer| more.contains(customer)),
            "a larger share adds to a smaller one"
        );
        let other = (0..20_000).filter(|n| keeps_out(Uuid::from_u128(8), Uuid::from_u128(*n), 1_000));
        let both = other.filter(|customer| few.contains(customer)).count();
        assert!(both < 400, "another campaign draws anew: {both}");
    }
}
