//! Prices in cents.

/// Sum less a discount in percent.
pub fn total(amounts: &[i64], discount: i64) -> i64 {
    let sum: i64 = amounts.iter().sum();
    sum - sum * discount / 100
}

/// Cents of a text such as "12.34".
pub fn parse(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let units: i64 = whole.parse().ok()?;
    let cents: i64 = if rest.is_empty() { 0 } else { format!("{rest}0")[..2].parse().ok()? };
    Some(units * 100 + cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_with_discount() {
        assert_eq!(total(&[1000, 1000, 50], 10), 1845);
    }

    #[test]
    fn two_decimals() {
        assert_eq!(parse("12.34"), Some(1234));
    }

    #[test]
    fn one_decimal() {
        assert_eq!(parse("12.5"), Some(1250));
    }

    #[test]
    fn refuses_letters() {
        assert!(parse("abc").is_none());
    }
}
