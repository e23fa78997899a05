{{ satisfaction_monthly('ces', favourable='easy', share='ces') }}
