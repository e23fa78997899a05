{{ promoters('hubspot') }}
