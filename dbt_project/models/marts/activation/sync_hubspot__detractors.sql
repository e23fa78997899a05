{{ detractors('hubspot') }}
