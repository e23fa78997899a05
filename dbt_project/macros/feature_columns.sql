{#- Every feature, by the topic (int_feature_<topic>) that computes it. A feature is added here, in its topic and in the yml of
    customer_features, which asks for each name; the models read columns as they come. -#}
{% macro feature_topics() -%}
    {{ return({
        'subscriptions': [
            'days_since_first_paid', 'subscriptions_live', 'mrr', 'mrr_change_90d', 'mrr_change_360d', 'price_per_seat', 'seats',
            'seats_change_90d', 'plan', 'plan_changes_360d', 'days_since_plan_change', 'billing_interval', 'days_to_renewal',
            'has_requested_cancellation', 'days_since_last_ended', 'subscriptions_ended',
        ],
        'orders': [
            'days_since_first_order', 'days_since_last_order', 'orders_30d', 'orders_90d', 'orders_change_90d', 'orders_360d',
            'orders_lifetime', 'order_value_90d', 'order_value_change_90d', 'order_value_360d', 'order_value_lifetime',
            'mean_order_value', 'mean_days_between_orders', 'order_gap_ratio',
        ],
        'payments': [
            'days_since_last_payment', 'days_since_failed_payment', 'payments_90d', 'payments_failed_30d', 'payments_failed_90d',
            'payment_failure_share_360d', 'is_last_payment_failed', 'refunds_360d',
        ],
        'engagement': [
            'days_since_engaged', 'days_since_usage', 'usage_30d', 'usage_90d', 'usage_360d', 'usage_momentum', 'usage_change_90d',
            'usage_quantity_30d', 'usage_quantity_90d', 'usage_quantity_change_90d', 'messages_received_30d', 'open_share_90d',
            'messages_clicked_90d', 'messages_clicked_change_90d', 'conversations_90d', 'refusals_360d',
        ],
        'support': [
            'days_since_last_ticket', 'tickets_30d', 'tickets_90d', 'tickets_360d', 'tickets_high_priority_90d', 'tickets_open',
            'mean_hours_to_solve_360d',
        ],
        'feedback': [
            'days_since_last_nps', 'days_since_last_answer', 'last_nps', 'nps_change', 'last_csat', 'answers_360d',
            'mean_answer_360d',
        ],
        'relationship': [
            'referrals_360d', 'referrals_converted', 'was_referred', 'is_loyalty_member', 'days_since_loyalty_event',
            'loyalty_earned_90d', 'loyalty_redeemed_90d', 'loyalty_balance',
        ],
    }) }}
{%- endmacro %}

{#- What the CRM says of a customer, as known at the cut-off. Neither the owner (reassigned when trouble shows) nor gender, age and
    income (no ground for a decision about a person) are among them. -#}
{% macro attribute_columns() -%}
    {{ return(['country', 'region', 'industry', 'company_size', 'acquisition_channel']) }}
{%- endmacro %}

{% macro text_features() -%}
    {{ return(attribute_columns() + ['plan', 'billing_interval']) }}
{%- endmacro %}

{% macro boolean_features() -%}
    {{ return(['has_requested_cancellation', 'is_last_payment_failed', 'was_referred', 'is_loyalty_member']) }}
{%- endmacro %}

{#- All features in one list, `tenure_days` first. -#}
{% macro feature_columns() -%}
    {%- set columns = ['tenure_days'] + attribute_columns() -%}
    {%- for names in feature_topics().values() -%}
        {%- do columns.extend(names) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- `relation.name` in the type the models read: DOUBLE for every number, so that a sum is never a 128-bit integer. -#}
{% macro feature(relation, name) -%}
    {%- if name in text_features() or name in boolean_features() -%}
        {{ relation }}.{{ name }}
    {%- else -%}
        cast({{ relation }}.{{ name }} as double) as {{ name }}
    {%- endif -%}
{%- endmacro %}
