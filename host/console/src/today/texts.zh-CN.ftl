today-good-morning = 早上好，{ $name }
today-good-afternoon = 下午好，{ $name }
today-good-evening = 晚上好，{ $name }
