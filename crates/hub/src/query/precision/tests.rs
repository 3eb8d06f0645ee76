use super::{excluding, g2, wilson};

#[test]
fn wilson_as_in_the_tables() {
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
    for (right, judged, low, high) in
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    {
        let found = wilson(right, judged).unwrap();
        assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{right}/{judged}: {found:?}");
    }
    assert_eq!(wilson(0, 0), None);
    let all = wilson(5, 5).unwrap();
    assert!(all.high > 0.999_999 && all.low > 0.56 && all.low < 0.57);
}

#[test]
fn surprise_grows_with_difference_and_count() {
    assert!(g2([5.0, 5.0, 5.0, 5.0]).abs() < 1e-9);
    assert!(g2([9.0, 1.0, 1.0, 9.0]) > g2([6.0, 4.0, 4.0, 6.0]));
    assert!(g2([90.0, 10.0, 10.0, 90.0]) > g2([9.0, 1.0, 1.0, 9.0]));
}

#[test]
fn an_exclusion_holds_for_all_of_the_query() {
    assert_eq!(excluding("kettle leak", "recipe").unwrap(), "kettle leak -recipe");
    assert_eq!(excluding("kettle OR pot", "recipe").unwrap(), "(kettle OR pot) -recipe");
    assert_eq!(excluding("kettle OR", "recipe"), None);
}
