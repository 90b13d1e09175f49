/** Passwords that are tried first by whoever guesses: common words, with the endings that people put behind them. */

const ALONE = `
000000 00000000 0123456789 101010 1010101010 11111 111111 1111111 11111111 1111111111 111222 112233 11223344 121212
12121212 123 123000 123098 123123 123123123 123321 123321123 1234 123412 12341234 12345 123454321 1234554321 123456
1234561 123456123 123456654321 1234567 12345678 123456780 123456789 1234567890 12345678910 1234567891 123456789a
123456a 123456abc 123456q 123456qwerty 1234abcd 1234qwer 123654 123654789 123789 123abc 123abc123 123asd 123qwe
123qweasd 131313 135790 135792468 142536 147147 147258 147258369 147852 147852369 159357 159753 159951 161616 171717
1a2b3c 1a2b3c4d 1q1q1q 1q2w3e 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qa2ws3ed 1qaz1qaz 1qaz2wsx 1qaz2wsx3edc 1qazxsw2
1qw23er4 20002000 202020 212121 222222 22222222 232323 242424 246810 252525 258456 321321 321654 321654987 333333
33333333 343434 363636 369258147 420420 444444 4444444 44444444 456123 456456 456789 456852 4815162342 525252 555555
55555555 565656 654321 654321a 656565 666666 66666666 6969 696969 741852 741852963 753951 777777 7777777 77777777
789456 789456123 789789 7894561230 852456 87654321 88888888 888888 898989 90909090 963852741 98765432 987654 987654321
9876543210 987987 999999 99999999 a1234567 a12345678 a123456789 a1b2c3 a1b2c3d4 a1s2d3f4 aa123456 aaaaaa aaaaaaaa
abc abcabc abcd1234 abcde abcdef abcdefg abcdefgh adminadmin asd asdasd asdasdasd asdf asdf1234 asdfasdf asdfg
asdfgh asdfghj asdfghjk asdfghjkl asdqwe123 azerty azertyuiop azsxdc bbbbbb cccccc changeit dddddd ffffff fuckoff
fuckyou gfhjkm gggggg google1 iloveyou1 jjjjjj kkkkkk letmein1 lkjhgfdsa llllll marina11 mnbvcxz mypass mypassword
nicole1 nopass nopassword ooooooo p@55w0rd p@ssw0rd p@ssword pa55w0rd pa55word pass1234 passw0rd password0 password01
password1! poiuytrewq poiuyt pppppp q1w2e3 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qawsed qazqaz qazwsx qazwsx123 qazwsxedc
qazxsw qq123456 qqqqqq qqqqqqqq qqww1122 qwaszx qwe qwe123 qweasd qweasd123 qweasdzxc qweqwe qweqweqwe qwer qwer1234
qwert qwert1 qwerty1 qwerty12 qwerty123 qwerty12345 qwertyu qwertyui qwertyuio qwertyuiop qwertz qwertzuiop qwqwqw
rrrrrr samsung1 secret1 ssssss t0ptal temppass test123 testtest tttttt uuuuuu vvvvvv welcome1 wwwwww xxxxxx xxxxxxxx
yyyyyy zaq12wsx zaq1xsw2 zaqwsx zaqxsw zxc123 zxcv zxcvb zxcvbn zxcvbnm zxcvbnm1 zxczxc zzzzzz zzzzzzzz
correcthorsebatterystaple correct-horse-battery-staple trustno1 superman1 ncc1701 thx1138 bond007 agent007 r2d2c3po
rush2112 blink182 area51 catch22 j0hn316 john316 psalm23 4ever2gether forever21 ou812 slipknot666 just4you luv2shop
`

const WORDS = `
abigail access account adidas adrian admin administrator airborne alabama albert alejandro alex alexander alexandra
alexis alicia america amanda amber amelia andrea andrew angel angela angelo angels animal anthony apollo apple april
arsenal ashley asshole asterix august austin babygirl badboy bailey banana barcelona barney baseball basketball batman
beautiful beaver benjamin berlin bigdog bigdaddy bitch blessed blessing blowme bonnie booboo booger boomer boston brandon
brandy brazil bubbles buddy bulldog buster butter butterfly butthead calvin camaro canada captain carlos carmen caroline
cassie celtic champion changeme charles charlie charlotte cheese chelsea cherry chester chicago chicken chocolate
chris christ christian christina classic claudia cocacola coffee college compaq computer cookie cooper corvette cowboy
cowboys crystal daddy dakota dallas daniel daniela danielle darkness david default democrat denise dennis destiny
dexter diablo diamond dolphin dolphins domino donald dragon dreams eagles edward einstein elephant elizabeth eminem
emmanuel enter estrella everton falcon family fender ferrari fishing florida flower flowers football forever france
francis frank freedom friend friends froggy fuckme gabriel galaxy gandalf garfield gateway genesis george gemini
giants ginger gloria goldfish golden golf google gordon grace green guest guitar gunner hammer hannah happy harley
harrison heather heaven hello helpme hockey honey horses hotdog hunter iceman iloveme iloveu iloveyou india internet
isabel isabella islam jackson jaguar james january jasmine jasper jennifer jeremy jessica jesus johnny johnson jonathan
jordan joseph joshua julian junior justice justin karina katherine killer kitten knight kristina lakers lauren legend
leonardo letmein liberty lincoln liverpool login london lovely loveme lover loverboy loveyou lucky mad madison maggie
magic manager manchester marcus maria marie marina marine marlboro martin marvin master matrix matthew maverick maxwell
melissa member mercedes mercury merlin metallica mexico michael michelle mickey midnight miller million minecraft
mobile money monica monkey monster morgan morning mother mountain movie muffin murphy music mustang naruto natalie
natasha nathan newyork nicholas nicole nintendo nirvana november nothing october office oliver orange packers panther
paradise parker pass passion password passwort patricia patrick peaches peanut pepper phantom phoenix picture playboy
player pokemon police popcorn porsche precious prince princess private purple qwerty rachel raiders rainbow ranger
rangers rebecca red redskins remember richard robert rocket rockyou romeo ronaldo root rosebud running runner russia
sabrina samantha samsung samuel sandra saturn scooby scooter scorpion scott secret sebastian security september server
shadow shannon shelby sierra silver simple single slayer slipknot smokey snickers snoopy soccer sophie spanky sparky
spider spiderman spring star starwars steelers stella stephanie steven student success summer sunday sunflower sunshine
superman superstar support sweet sweety sydney system taylor teacher temp tennis teresa test tester testing thomas
thunder tiffany tigers tigger tinkerbell tomcat toyota travis trigger trinity trouble tucker turtle twilight united
unknown user username valentina vampire vanessa victor victoria viking vincent virginia volleyball warrior welcome
whatever whatsup william wilson windows winner winston winter wizard wolf wonder xavier yamaha yankees yellow zachary
`

const ENDINGS = ['', '0', '1', '12', '123', '1234', '12345', '123456', '!', '1!', '123!', '2', '7', '01', '69', '99']

const wordsIn = (text: string): string[] => text.trim().split(/\s+/)

let all: ReadonlySet<string> | undefined

/** All of them, in lower case. */
export const commonPasswords = (): ReadonlySet<string> =>
  (all ??= new Set([...wordsIn(ALONE), ...wordsIn(WORDS).flatMap((word) => ENDINGS.map((ending) => word + ending))]))
