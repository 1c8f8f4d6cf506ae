-- What a topic was about to be set to. A server may end before it knows what Slack made of that, and
-- whoever looks then must not take it for somebody else's.
alter table channel_topics add column sent text;
