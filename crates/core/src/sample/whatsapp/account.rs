//! The `WhatsApp` Business Account itself: restrictions, reviews and limits, and its partners.

/// Each a whole change of the account.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-account-restricted",
        r#"{"field":"account_update","value":{"event":"ACCOUNT_RESTRICTION","restriction_info":[
        {"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING","expiration":$later_seconds,
        "remediation":"Send fewer messages that people do not want."}]}}"#,
    ),
    (
        "whatsapp-account-violation",
        r#"{"field":"account_update","value":{"event":"ACCOUNT_VIOLATION",
        "violation_info":{"violation_type":"ADULT"}}}"#,
    ),
    (
        "whatsapp-account-call-quality",
        r#"{"field":"account_update","value":{"event":"ACCOUNT_VIOLATION","phone_number":"$business",
        "violation_info":{"violation_type":"LOW_BUSINESS_INITIATED_CALLING_QUALITY",
        "remediation":"Call only those who expect it."}}}"#,
    ),
    (
        "whatsapp-account-disabled",
        r#"{"field":"account_update","value":{"event":"DISABLED_UPDATE",
        "ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE","waba_ban_date":"April 17, 2027"}}}"#,
    ),
    ("whatsapp-account-deleted", r#"{"field":"account_update","value":{"event":"ACCOUNT_DELETED"}}"#),
    ("whatsapp-account-verified", r#"{"field":"account_update","value":{"event":"VERIFIED_ACCOUNT"}}"#),
    ("whatsapp-account-offboarded", r#"{"field":"account_update","value":{"event":"ACCOUNT_OFFBOARDED"}}"#),
    ("whatsapp-account-reconnected", r#"{"field":"account_update","value":{"event":"ACCOUNT_RECONNECTED"}}"#),
    (
        "whatsapp-offboarded",
        r#"{"field":"account_offboarded","value":{"waba_id":"104857600123456","timestamp":$seconds,
        "reason":"PRIMARY_INACTIVITY"}}"#,
    ),
    (
        "whatsapp-reconnected",
        r#"{"field":"account_reconnected","value":{"waba_id":"104857600123456","timestamp":$seconds}}"#,
    ),
    (
        "whatsapp-account-country",
        r#"{"field":"account_update","value":{"event":"BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE","country":"GB"}}"#,
    ),
    (
        "whatsapp-account-international-price",
        r#"{"field":"account_update","value":{"event":"AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        "auth_international_rate_eligibility":{"start_time":$seconds,
        "exception_countries":[{"country_code":"ID","start_time":$later_seconds}]}}}"#,
    ),
    (
        "whatsapp-account-volume-tier",
        r#"{"field":"account_update","value":{"event":"VOLUME_BASED_PRICING_TIER_UPDATE","volume_tier_info":{
        "tier_update_time":$seconds,"pricing_category":"UTILITY","tier":"25000001:50000000",
        "effective_month":"2026-11","region":"India"}}}"#,
    ),
    (
        "whatsapp-account-alert",
        r#"{"field":"account_alerts","value":{"entity_type":"BUSINESS","entity_id":"2329417880000001",
        "alert_info":{"alert_severity":"WARNING","alert_status":"ACTIVE","alert_type":"OBA_APPROVED",
        "alert_description":"Your business is an official business account now."}}}"#,
    ),
    ("whatsapp-account-review", r#"{"field":"account_review_update","value":{"decision":"APPROVED"}}"#),
    (
        "whatsapp-account-limits",
        r#"{"field":"business_capability_update","value":{"max_daily_conversations_per_business":2000,
        "max_phone_numbers_per_waba":25,"max_phone_numbers_per_business":20}}"#,
    ),
    (
        "whatsapp-payment-configuration",
        r#"{"field":"payment_configuration_update","value":{"configuration_name":"razorpay-$serial",
        "provider_name":"razorpay","provider_mid":"acc_1","status":"Needs Testing",
        "created_timestamp":$old_seconds,"updated_timestamp":$seconds}}"#,
    ),
];

/// Each a whole change that tells a partner of an account of its client's.
pub(in crate::sample) const OF_PARTNERS: &[(&str, &str)] = &[
    (
        "whatsapp-partner-added",
        r#"{"field":"account_update","value":{"event":"PARTNER_ADDED","waba_info":{"waba_id":"104857600123456",
        "owner_business_id":"2329417880000001","solution_id":"1715120610000001",
        "solution_partner_business_ids":["2949482750000001"]}}}"#,
    ),
    (
        "whatsapp-partner-removed",
        r#"{"field":"account_update","value":{"event":"PARTNER_REMOVED","phone_number":"$business",
        "waba_info":{"waba_id":"104857600123456","owner_business_id":"2329417880000001"},
        "disconnection_info":{"reason":"PRIMARY_INACTIVITY","initiated_by":"SYSTEM"}}}"#,
    ),
    (
        "whatsapp-partner-app-installed",
        r#"{"field":"account_update","value":{"event":"PARTNER_APP_INSTALLED","waba_info":{
        "waba_id":"104857600123456","owner_business_id":"2329417880000001","partner_app_id":"869361280000001"}}}"#,
    ),
    (
        "whatsapp-partner-app-uninstalled",
        r#"{"field":"account_update","value":{"event":"PARTNER_APP_UNINSTALLED","waba_info":{
        "waba_id":"104857600123456","owner_business_id":"2329417880000001","partner_app_id":"869361280000001"}}}"#,
    ),
    (
        "whatsapp-partner-ad-account",
        r#"{"field":"account_update","value":{"event":"AD_ACCOUNT_LINKED","waba_info":{
        "owner_business_id":"2329417880000001","ad_account_linked":"980198420000001","waba_id":"104857600123456"}}}"#,
    ),
    (
        "whatsapp-partner-terms-signed",
        r#"{"field":"account_update","value":{"event":"MM_LITE_TERMS_SIGNED","waba_info":{
        "waba_id":"104857600123456","owner_business_id":"2329417880000001"}}}"#,
    ),
    (
        "whatsapp-partner-certification",
        r#"{"field":"account_update","value":{"event":"PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info":{"client_business_id":"2729063490000001","status":"APPROVED",
        "rejection_reasons":["NONE"]}}}"#,
    ),
    (
        "whatsapp-partner-certification-needed",
        r#"{"field":"account_update","value":{"event":"PARTNER_CLIENT_CERTIFICATION_NEEDED",
        "partner_client_certification_needed_info":{"client_business_id":"2729063490000001"}}}"#,
    ),
    (
        "whatsapp-partner-solution",
        r#"{"field":"partner_solutions","value":{"event":"SOLUTION_CREATED","solution_id":"774485460000001",
        "solution_status":"INITIATED"}}"#,
    ),
];
