today-good-morning = Good morning, { $name }
today-good-afternoon = Good afternoon, { $name }
today-good-evening = Good evening, { $name }
