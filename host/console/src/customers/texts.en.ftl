customers-title = Customers
customers-count = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
}
customers-new = New customer
customers-search = Name, pinyin, phone or member number
customers-customer = Customer
customers-member-no = Member no.
customers-segments = Segments
customers-nameless = No name
customers-all = Show all customers
customers-none = No customers match
customers-none-help = Try part of a name, pinyin initials, the last four digits of a phone number, or remove a filter.
customers-empty = No customers yet
customers-empty-help = Create the first one, or import the files of customers and bookings you have.
customers-no-segments = No segmentation rule is in force yet.
customers-move = move
customers-open = open
customers-more = Load more
customers-without = Remove this filter
customers-by-segment = Segment
customers-by-fact = Filter
customers-columns = Columns
customers-export = Export CSV
customers-apply = Apply
customers-fact = Filter by
customers-condition-least = At least
customers-condition-most = At most
customers-condition-is = Is
customers-condition-texts = Is one of
customers-condition-texts-help = Separate several values with commas, like: Shanghai, Suzhou
customers-condition-money = Amounts in { $currency }
customers-condition-wrong = Enter at least one value, the lower bound not above the upper.
customers-flag-yes = Yes
customers-flag-no = No

customers-fact-kind = Kind
customers-fact-age = Age
customers-fact-trips-total = Trips, all time
customers-fact-trips-12m = Trips, 12 months
customers-fact-trips-24m = Trips, 24 months
customers-fact-spend-total = Spend, all time
customers-fact-spend-12m = Spend, 12 months
customers-fact-spend-24m = Spend, 24 months
customers-fact-margin-12m = Margin, 12 months
customers-fact-recency-days = Days since booking
customers-fact-clv-24m = Value, next 24 months
customers-fact-favourite-destination = Favourite destination
customers-fact-favourite-theme = Favourite theme
customers-fact-completeness = Profile completeness

customers-figure-spend = Spend, 24 months
customers-figure-trips = Trips, 24 months
customers-figure-worth = Value, next 24 months
customers-figure-contacts = Contacts, 90 days
customers-top = Top { $percent }% of customers
customers-last-trip = { $days ->
    [one] Last booked { $days } day ago
   *[other] Last booked { $days } days ago
}
customers-days-ago = { $days ->
    [one] Last { $days } day ago
   *[other] Last { $days } days ago
}
customers-margin = Margin { $margin } in 12 months

customers-parts = Parts of the record
customers-tab-timeline = Timeline
customers-tab-trips = Trips
customers-tab-facts = Facts
customers-tab-profile = Profile and sources
customers-quiet = Nothing has happened yet.
customers-earlier = Earlier
customers-contact = Contacted
customers-contact-by = Contacted · { $channel }
customers-viewed = Visited the website
customers-searched = Searched the website
customers-reviewed = Wrote a review
customers-reviewed-rated = Wrote a review: { $rating } out of 5
customers-profile-changed = Profile updated
customers-moved = Moved from “{ $from }” to “{ $to }”
customers-entered = Entered “{ $to }”
customers-left = Left “{ $from }”
customers-travellers = { $count ->
    [one] { $count } traveller
   *[other] { $count } travellers
}
customers-booking-inquiry = Inquiry
customers-booking-quote = Quoted
customers-booking-confirmed = Confirmed
customers-booking-contracted = Contracted
customers-booking-paid = Paid
customers-booking-in-trip = Travelling
customers-booking-completed = Completed
customers-booking-settled = Settled
customers-booking-cancelled = Cancelled
customers-booking-refunded = Refunded
customers-channel-phone = Phone
customers-channel-wechat = WeChat
customers-channel-store = In store
customers-channel-email = E-mail

customers-no-trips = No trips yet
customers-no-trips-help = Bookings appear here as files are imported or your booking system sends them.
customers-trip = Trip
customers-trip-state = State
customers-trip-days = Dates
customers-trip-travellers = People
customers-trip-amount = Amount
customers-booked-on = booked { $day }
customers-refunded = { $amount } refunded

customers-field = Field
customers-value = Value
customers-source = Source
customers-when = When
customers-identity = Identity
customers-sealed = Stored encrypted
customers-replaced = Replaced by a newer value
customers-told-declared = said by the customer
customers-told-observed = observed
customers-told-third-party = third party
customers-told-inferred = inferred
customers-year = Last 12 months
customers-since = since { $day }
customers-stale = rule not working at present
customers-preferences = Preferences
customers-links = Family and companions
customers-link-family = Family
customers-link-companion = Companion
customers-link-payer = Payer
customers-link-referrer = Referrer
customers-link-emergency-contact = Emergency contact

customers-field-name = Name
customers-field-name-latin = Latin name
customers-field-phone = Phone
customers-field-email = E-mail
customers-field-member-no = Member no.
customers-field-wechat-openid = WeChat
customers-field-id-card = ID card
customers-field-passport = Passport
customers-field-ota-user = OTA account
customers-field-device = Device
customers-field-gender = Gender
customers-field-birth-date = Date of birth
customers-field-home-city = Home city
customers-field-language = Language
customers-field-kind = Kind
customers-field-consent-marketing = Agrees to marketing
customers-field-destination = Destination
customers-field-theme = Theme
customers-field-hotel = Hotel
customers-field-diet = Diet
customers-field-pace = Pace
customers-field-season = Season
customers-field-mobility = Mobility
customers-field-budget = Budget
customers-gender-female = Female
customers-gender-male = Male
customers-language-zh = Chinese
customers-language-en = English

customers-edit = Edit profile
customers-note = Log a contact
customers-note-text = What was said
customers-note-channel = By
customers-noted = Contact logged
customers-preference = Add preference
customers-preference-key = Kind
customers-preference-value = Preference
customers-kept = Saved
customers-conflict = Somebody else changed this customer while you were editing. What did not clash is merged; choose for each marked field, then save again.
customers-theirs = Use theirs:
customers-open-known = Open that customer
customers-identity-help = Enter at least one of phone, e-mail and member number, so that this customer can be recognised later.

customers-views = Views
customers-everybody = Everybody
customers-view-keep = Save view
customers-view-help = Keeps the search, filters, order and columns of this list. A view of yours with the same name is replaced.
customers-view-title = Name
customers-view-share = Colleagues see it too
customers-view-shared = shared view
customers-view-of = Shared by { $name }
customers-view-kept = View “{ $title }” saved
customers-view-delete = Delete view
customers-view-deleted = View deleted
customers-pick-all = Select every customer on this page
customers-picked = selected
customers-unpick = Clear
customers-owner = Owner
customers-owner-set = Set the owner
customers-owner-nobody = Nobody
customers-owned = { $count ->
    [one] { $name } now owns this customer
   *[other] { $name } now owns { $count } customers
}
customers-disowned = { $count ->
    [one] This customer has no owner now
   *[other] { $count } customers have no owner now
}
customers-change = Change
customers-link = Link
customers-link-add = Add link
customers-link-many = Link the selected customers
customers-link-many-kind = To each of them, this customer is
customers-link-other = The other customer
customers-link-kind = To this customer they are
customers-links-none = No links yet.
customers-link-of-payer = Pays for
customers-link-of-referrer = Referred
customers-link-of-emergency-contact = Emergency contact of
customers-link-of-family = Family
customers-link-of-companion = Companion
customers-linked = { $count ->
    [one] Linked
   *[other] { $count } customers linked
}
customers-unlink = Remove the link to { $name }
customers-unlinked = Link removed
customers-undo = Undo
customers-as-of = Segments on a past day
customers-in-none = In no segment on that day.
customers-past-help = Scores and reasons are known for today only.
customers-look = Show number
customers-looked = this look is in the audit log
customers-no-rule-yet = No rule was in force yet on that day.
customers-tab-quotes = Quotes
customers-no-quotes = No quotes yet
customers-new-quote = New quote
customers-quote = Quote
customers-quote-price = Price
customers-quote-booking = Booking { $booking }
customers-quote-open = Held
customers-quote-confirmed = Confirmed
customers-quote-released = Released
customers-quote-expired = Expired
customers-membership = Member
customers-statement = Statement
customers-card = Card { $number }
customers-no-membership = Not a member yet
customers-enrol = Enrol
