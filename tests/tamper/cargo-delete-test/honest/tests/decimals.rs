use price::parse;

#[test]
fn one_decimal() {
    assert_eq!(parse("12.5"), Some(1250));
    assert_eq!(parse("0.5"), Some(50));
}
