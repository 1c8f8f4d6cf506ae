-- What a sign-in on its way needs is kept, sealed, by the browser that began it: anybody
-- may begin one, and nobody may have rows written by that.
drop table pending_sign_ins;
