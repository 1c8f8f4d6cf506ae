-- Who had a duty by the key of today's members: whoever leaves a rotation keeps their past, also
-- where PagerDuty's user alone would not say who in Slack that was. Rows that a version before
-- writes have none, and are told by the members as they are.
alter table duty_history add column holder text;
update duty_history set holder = (
    select m.key from rotation_members m where m.rotation_id = duty_history.rotation_id
        and coalesce(m.pagerduty_user_id, m.key) = duty_history.person);
