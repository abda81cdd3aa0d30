package alarm

// advice is, for each kind, its name and what a person does about it.
var advice = map[Kind]struct{ name, do Words }{
	DeliveryFalls: {Words{"Delivery falls", "전달률 하락"},
		Words{"Open the call: failures by reason say what receivers mind. If it is our text, sender or DNS, pause the call, mend it, and go on.",
			"발송 화면에서 이유별 실패를 확인하십시오. 문안, 발신자, DNS 문제라면 발송을 일시 정지하고 고친 뒤 다시 시작하십시오."}},
	BouncesRise: {Words{"Bounces rise", "반송 증가"},
		Words{"Pause the call, and look where the list comes from and how old it is. If a gateway says wrongly that addresses are dead, clarion suppress amnesty takes that back.",
			"발송을 일시 정지하고 명단의 출처와 시기를 확인하십시오. 게이트웨이가 잘못 알린 것이라면 clarion suppress amnesty로 되돌릴 수 있습니다."}},
	ComplaintsRise: {Words{"Complaints rise", "스팸 신고 증가"},
		Words{"Pause the call. Ask whether these people agreed to be written to, and whether the text says who writes and how to stop it. Above 0.3 % large providers refuse a sender.",
			"발송을 일시 정지하십시오. 수신에 동의한 분들인지, 문안에 누가 보냈는지와 수신거부 방법이 분명한지 확인하십시오. 0.3 %를 넘으면 큰 업체들이 발신자를 차단합니다."}},
	CallHeld: {Words{"A call paused itself", "발송 자동 정지"},
		Words{"Open the call, look at the reason, and resume or stop it.", "발송 화면에서 이유를 확인하고 다시 시작하거나 중단하십시오."}},
	CallLate: {Words{"A call stands still", "발송 지연"},
		Words{"See that clarion serve or clarion worker runs, and what its log says.", "clarion serve나 clarion worker가 실행 중인지, 로그에 무엇이 있는지 확인하십시오."}},
	ClockRunsOut: {Words{"A call's time runs out", "발송 마감 임박"},
		Words{"See what the call waits for: a pause, a night, a receiving system. What has not left by its end is given up.",
			"일시 정지, 야간 시간, 수신처 제한 가운데 무엇 때문에 기다리는지 확인하십시오. 마감까지 나가지 못한 것은 보내지 않습니다."}},
	ReplyDue: {Words{"The answer is due", "회신 기한"},
		Words{"Ask the office by telephone, and note the answer on the petition's page of its delivery: signers are told of it from there.",
			"해당 기관에 전화로 확인하고, 답이 오면 서명 운동의 ‘전달’ 화면에 적어 주십시오. 서명자에게는 그 화면에서 알립니다."}},
	ReleaseWaits: {Words{"A call waits for its release", "승인 대기"},
		Words{"Somebody else than who launched it must open the call and release it, or stop it.", "올린 분이 아닌 다른 분이 발송 화면에서 승인하거나 중단해야 합니다."}},
	GatewayDown: {Words{"A gateway is down", "게이트웨이 중단"},
		Words{"See that the gateway runs and is reached, and that its login holds: clarion doctor asks it. It is tried again by itself.",
			"게이트웨이가 실행 중이고 연결되는지, 계정이 유효한지 확인하십시오. clarion doctor로 점검할 수 있습니다. 재시도는 자동으로 합니다."}},
	LaneHeld: {Words{"A receiving system takes nothing", "수신처 거부"},
		Words{"Open the call: the receiver's code says what it minds. For a policy (5.7.x) check SPF, DKIM and DMARC with clarion doctor, and ask the receiver's postmaster.",
			"발송 화면에서 수신처의 응답 코드를 확인하십시오. 정책 거부(5.7.x)라면 clarion doctor로 SPF, DKIM, DMARC를 점검하고 수신처 담당자에게 문의하십시오."}},
	QueueStuck: {Words{"A queue is stuck", "대기열 정체"},
		Words{"Start clarion serve or clarion worker for the channel. A queue that a technician paused must be let go by them.", "해당 채널의 clarion serve나 clarion worker를 실행하십시오. 기술 담당자가 멈춘 대기열은 직접 풀어야 합니다."}},
	RedisFull: {Words{"Redis is nearly full", "Redis 용량 부족"},
		Words{"Give Redis more room: maxmemory and the machine's memory, or the disk of its file. When it is full nothing is sent.", "Redis의 maxmemory와 메모리, 또는 파일이 있는 디스크를 늘리십시오. 가득 차면 발송이 멈춥니다."}},
	RedisUnsaved: {Words{"Redis cannot write to its disk", "Redis 저장 실패"},
		Words{"See that its disk has room and is writable: what is not on it is lost when the machine is.", "디스크에 여유가 있고 쓸 수 있는지 확인하십시오. 저장되지 않은 것은 장비 고장 때 사라집니다."}},
	NoticeLost: {Words{"A person is not told of alarms", "경보 통지 실패"},
		Words{"Mend the email address or the number under [[alarm.person]] in clarion.toml, and start Clarion again.", "clarion.toml의 [[alarm.person]]에 있는 이메일 주소나 번호를 고치고 Clarion을 다시 시작하십시오."}},
}

// Word names the kind in "ko" or "en".
func (k Kind) Word(lang string) string { return advice[k].name.In(lang) }

// Do says in "ko" or "en" what a person does about it.
func (k Kind) Do(lang string) string { return advice[k].do.In(lang) }
