{#- What staging needs to know of each input table; the same as in orchestration/contract, where it is explained.
    A record of a person that vanished at its source is kept as deleted, so that past months keep their customer.
    `known`: what staging hides while it lies ahead. `follows_parent`: staging looks at the parent's row as well. -#}
{% macro input_tables() -%}
    {%- set person = {'table': 'crm_customers', 'column': 'customer_id'} -%}
    {%- set referrer = {'table': 'crm_customers', 'column': 'referrer_customer_id'} -%}
    {%- set account = {'table': 'billing_customers', 'column': 'billing_customer_id'} -%}
    {{ return({
        'crm_customers': {
            'key': ['customer_id'], 'event_time': 'created_at', 'updated_at': 'updated_at', 'keep_vanished': true, 'known': ['deleted_at']
        },
        'crm_consents': {
            'key': ['customer_id', 'channel', 'purpose', 'recorded_at', 'status'], 'event_time': 'recorded_at', 'parent': person
        },
        'crm_interactions': {'key': ['interaction_id'], 'event_time': 'occurred_at', 'parent': person},
        'crm_campaigns': {'key': ['campaign_id'], 'event_time': 'started_at', 'known': ['ended_at']},
        'crm_actions': {'key': ['action_id'], 'event_time': 'decided_at', 'parent': person},
        'crm_referrals': {'key': ['referral_id'], 'event_time': 'referred_at', 'parent': referrer, 'known': ['converted_at']},
        'crm_loyalty_events': {'key': ['loyalty_event_id'], 'event_time': 'occurred_at', 'parent': person},
        'crm_tickets': {'key': ['ticket_id'], 'event_time': 'opened_at', 'parent': person, 'known': ['first_replied_at', 'solved_at']},
        'billing_customers': {'key': ['billing_customer_id'], 'event_time': 'created_at', 'keep_vanished': true, 'known': ['deleted_at']},
        'billing_subscriptions': {
            'key': ['subscription_id'], 'event_time': 'started_at', 'parent': account, 'follows_parent': true,
            'known': ['cancel_requested_at', 'ended_at']
        },
        'billing_invoice_lines': {'key': ['invoice_line_id'], 'event_time': 'issued_at', 'parent': account},
        'billing_payments': {'key': ['payment_id'], 'event_time': 'occurred_at', 'parent': account},
        'survey_invitations': {'key': ['invitation_id'], 'event_time': 'sent_at'},
        'survey_responses': {'key': ['response_id'], 'event_time': 'responded_at'},
        'exchange_rates': {'key': ['currency', 'rate_date'], 'event_time': 'rate_date'},
    }) }}
{%- endmacro %}
