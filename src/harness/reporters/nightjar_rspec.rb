# A formatter of rspec (rspec --require THIS --format NightjarRspec). It runs in the process of the tests.
# One JSON object a line on the report channel: src/harness/events.h.
require "json"

class NightjarRspec
  RSpec::Core::Formatters.register self, :start, :example_started, :example_passed, :example_failed,
                                   :example_pending, :message, :stop

  ORDERS = JSON.parse($stdin.read)
  NONCE = ORDERS.delete("nonce")
  CHANNEL = IO.for_fd(ORDERS["fd"])
  CHANNEL.close_on_exec = true
  CHANNEL.sync = true
  ONLY = ORDERS["only"] && ORDERS["only"].to_h { |id| [id, true] }
  private_constant :ORDERS, :NONCE, :CHANNEL, :ONLY

  def initialize(_output)
    @ids = {}
    @counts = Hash.new(0)
    @told = 0
    @process = Process.pid
  end

  def start(_notification)
    RSpec.world.all_examples.each { |example| say("listed", id: id_of(example), file: file_of(example), line: example.metadata[:line_number], selected: true) if asked?(example) }
  end

  def example_started(notification)
    say("start", id: id_of(notification.example)) if asked?(notification.example)
  end

  def example_passed(notification) = finish(notification.example, "passed", "")

  def example_pending(notification)
    result = notification.example.execution_result
    finish(notification.example, result.exception ? "xfailed" : "skipped", result.pending_message.to_s)
  end

  def example_failed(notification)
    error = notification.example.execution_result.exception
    expected = error.class.name.to_s.include?("ExpectationNotMet") || error.class.name.to_s.include?("MultipleExpectations")
    fixed = notification.example.execution_result.pending_fixed?
    text = "#{error.class}: #{error.message}\n#{(error.backtrace || []).first(5).join("\n")}"
    finish(notification.example, fixed ? "xpassed" : expected ? "failed" : "error", text)
  end

  # What was said outside of an example: a file that could not be loaded.
  def message(notification)
    text = notification.message.to_s
    place = text[/An error occurred while loading (\S+?)\.?(?:\s|$)/, 1]
    return unless place

    missing = text[/cannot load such file -- ([^.\/\s][^\s]*)/, 1]
    say("trouble", id: place.delete_prefix("./"), message: text[0, 1900], missing: missing.to_s)
  end

  def stop(_notification)
    say("end", tests: @told)
  end

  private

  def say(event, **members)
    return unless Process.pid == @process

    CHANNEL.syswrite(JSON.generate({ n: NONCE, e: event, **members }) + "\n")
  rescue SystemCallError
    nil # Without its end, the report is not believed.
  end

  def finish(example, outcome, message)
    return unless asked?(example)

    @told += 1
    say("finish", id: id_of(example), outcome: outcome, message: message.scrub[0, 1900], ms: ((example.execution_result.run_time || 0) * 1000).round)
  end

  def file_of(example)
    path = example.metadata[:file_path].delete_prefix("./")
    ORDERS["root"].to_s.empty? ? path : "#{ORDERS["root"]}/#{path}"
  end

  def id_of(example)
    @ids[example] ||= begin
      base = "#{file_of(example)} > #{example.full_description}"
      count = (@counts[base] += 1)
      count > 1 ? "#{base} ##{count}" : base
    end
  end

  def asked?(example) = ONLY.nil? || ONLY.key?(id_of(example))
end
