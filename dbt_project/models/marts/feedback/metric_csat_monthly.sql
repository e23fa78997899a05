{{ satisfaction_monthly('csat', favourable='satisfied', share='csat') }}
