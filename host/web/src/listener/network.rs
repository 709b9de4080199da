//! Addresses, and networks of them.

use std::net::{IpAddr, Ipv6Addr};

/// An address, or all that begin like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.7`, `10.0.0.0/8`, `::1` or `fd00::/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text
            .trim()
            .split_once('/')
            .map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let written: IpAddr = address.parse().ok()?;
        let first = written.to_canonical();
        let most: u8 = if first.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Some(if written.is_ipv4() { 32 } else { 128 }), |bits| bits.parse().ok())?;
        // an IPv4 address that is written as IPv6 has 96 bits before its own
        let bits = match written.is_ipv6() && first.is_ipv4() {
            true => bits.checked_sub(96)?,
            false => bits,
        };
        (bits <= most).then_some(Self { first, bits })
    }

    /// Whether the address is one of them. An IPv4 address may be written as IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, width: u32| {
            let rest = width - u32::from(self.bits);
            one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
        };
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// Those who count as one: an IPv4 address, and of IPv6 the 64 bits that a customer of a provider has to themselves.
pub fn crowd_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_have_their_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.8"),
            ("::ffff:10.0.0.7", "10.0.0.7", "10.0.0.8"),
            ("::ffff:10.0.0.0/104", "10.9.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
            ("127.0.0.0/8", "::ffff:127.0.0.2", "::1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::1", "::1", "127.0.0.1"),
        ] {
            let read = Network::parse(network).unwrap();
            assert!(read.contains(address(inside)), "{network} {inside}");
            assert!(!read.contains(address(outside)), "{network} {outside}");
        }
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(address("203.0.113.9")));
        assert!(Network::parse("::/0").unwrap().contains(address("2001:db8::1")));
        for bad in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "::/129",
            "10.0.0.0/",
            "10.0.0",
        ] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn who_has_a_network_of_ipv6_counts_once() {
        assert_eq!(crowd_of(address("2001:db8::1")), crowd_of(address("2001:db8::ffff:1")));
        assert_ne!(crowd_of(address("2001:db8::1")), crowd_of(address("2001:db8:0:1::1")));
        assert_ne!(crowd_of(address("10.0.0.1")), crowd_of(address("10.0.0.2")));
        assert_eq!(crowd_of(address("::ffff:10.0.0.1")), address("10.0.0.1"));
    }
}
