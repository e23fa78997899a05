-- Who was active at a cut-off, and have they left by the end of the window after it? An order refunded in full only later still
-- counts as known on the cut-off day. Who is active tonight is what the marts say: a spell runs on through a break that is free of charge.
with cutoffs as (
    select * from {{ ref('int_feature_cutoffs') }}
),

spells as (
    select * from {{ ref('int_activity_spells') }}
),

tonight as (
    select * from {{ ref('int_customer_months') }}
    where month = {{ as_of_month() }} and is_active
),

compared as (
    select
        spells.customer_key,
        cutoffs.cutoff_index,
        cutoffs.is_mature,
        bool_or(
            spells.first_day <= cutoffs.cutoff_date
            and (spells.last_day is null or spells.last_day >= {{ activity_starts('cutoffs.cutoff_date') }})
            and (spells.voided_day is null or spells.voided_day > cutoffs.cutoff_date)
        ) as is_active,
        bool_or({{ is_retained('spells', 'cutoffs.cutoff_date', 'cutoffs.label_date') }}) as is_retained,
        {{ days_between('cutoffs.cutoff_date', 'max(spells.last_day)') }} as days_to_end
    from spells
    inner join cutoffs
        on cutoffs.cutoff_index > 0
        and spells.first_day <= cutoffs.label_date
        and (spells.last_day is null or spells.last_day >= {{ activity_starts('cutoffs.cutoff_date') }})
    group by 1, 2, 3, cutoffs.cutoff_date
),

labelled as (
    select
        customer_key,
        cutoff_index,
        is_active,
        case when is_mature and is_active then case when is_retained then 0 else 1 end end as label_left,
        -- without contracts nobody leaves on a day: they were last seen on one
        case
            when {{ "true" if var('business_model') == 'contractual' else "false" }} and is_mature and is_active and not is_retained
                then cast(days_to_end as integer)
        end as left_after_days
    from compared
    union all
    select customer_key, 0 as cutoff_index, is_active, null as label_left, null as left_after_days
    from tonight
)

select * from labelled
