use super::find::expression;

#[test]
fn anything_typed_becomes_an_expression_or_nothing() {
    assert_eq!(expression("Kettle LEAKS", false).unwrap(), "\"kettle\" AND \"leaks\"");
    assert_eq!(expression("Kettle LEAKS", true).unwrap(), "('kettle') & ('leaks')");
    assert_eq!(expression("\"hot base\" kett*", false).unwrap(), "\"hot base\" AND \"kett\"*");
    assert_eq!(expression("\"hot base\" kett*", true).unwrap(), "('hot' <-> 'base') & ('kett':*)");
    assert_eq!(expression("水壶", false).unwrap(), "\"水 壶\"");
    assert_eq!(expression("  \" ' ; -- ", false), None);
}
