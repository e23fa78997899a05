{{ at_risk('hubspot') }}
