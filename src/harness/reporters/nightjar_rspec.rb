# RSpec with a formatter of ours: ruby THIS ARGUMENTS. RSpec runs in this very process.
require 'json'
require 'stringio'

orders = JSON.parse($stdin.read)
channel = IO.for_fd(orders.fetch('fd'), 'w')
channel.sync = true
channel.close_on_exec = true
nonce = orders.fetch('nonce')
owner = Process.pid
say = lambda do |event, members|
  next unless Process.pid == owner # A fork of a test went on into our code.

  channel.write(JSON.generate({ n: nonce, e: event }.merge(members)).scrub + "\n")
end
$stdin.reopen(File::NULL)
only = orders['only']

begin
  require 'rspec/core'
rescue LoadError
  say.call('lacks', text: 'the gem rspec-core is not installed on this machine')
  exit!(1)
end

root = orders.fetch('root')
file_of = lambda do |example|
  path = example.metadata[:file_path].sub(%r{\A\./}, '')
  root.empty? ? path : "#{root}/#{path}"
end

# Lines of the files that were asked for, by Ruby's own Coverage, which knows one user: what a tool of the project starts
# and ends is ours.
followed = orders.fetch('coverage').grep(/\.rb\z/).to_h do |file|
  [File.realpath(File.join(orders.fetch('project'), file)), file]
rescue SystemCallError
  [file, nil]
end.compact
unless followed.empty?
  require 'coverage'
  Coverage.start(lines: true)
  Coverage.singleton_class.prepend(Module.new do
    %i[setup start resume suspend].each { |name| define_method(name) { |*| nil } }
    define_method(:result) { |**| peek_result }
  end)
end
say_lines = lambda do
  next if followed.empty?

  found = Coverage.peek_result
  followed.each do |path, file|
    lines = found[path] || Coverage.line_stub(path) # It was not loaded.
    lines = lines[:lines] if lines.is_a?(Hash)
    executable = lines.each_index.select { |index| lines[index] }
    say.call('cover', file: file, executable: executable.map(&:succ),
                      executed: executable.select { |index| lines[index].positive? }.map(&:succ))
  rescue SystemCallError, SyntaxError
    next
  end
end

# Says every example before the first one starts.
formatter = Class.new do
  RSpec::Core::Formatters.register self, :start, :example_started, :example_finished, :message, :stop, :close

  define_method(:initialize) { |_output| @said = 0 }
  # By words, for numbers move when an example is added; an example without words of its own has the number.
  define_method(:name_of) do |example|
    next example.id.sub(%r{\A\./}, '') if example.metadata[:description_args].empty?

    "#{example.metadata[:file_path].sub(%r{\A\./}, '')} > #{example.metadata[:full_description]}".scrub
  end
  define_method(:start) do |_|
    RSpec.world.example_groups.flat_map(&:descendants).uniq.each do |group|
      group.examples.each do |example|
        say.call('listed', id: name_of(example), file: file_of.call(example), line: example.metadata[:line_number].to_i,
                           selected: only.nil? || only.include?(name_of(example)))
      end
      next if only.nil?

      RSpec.world.filtered_examples[group] = group.examples.select { |example| only.include?(name_of(example)) }
    end
  end
  define_method(:example_started) { |note| say.call('start', id: name_of(note.example)) }
  define_method(:example_finished) do |note|
    result = note.example.execution_result
    error = result.exception
    expected = error.is_a?(RSpec::Expectations::ExpectationNotMetError) ||
               error.is_a?(RSpec::Expectations::MultipleExpectationsNotMetError)
    outcome = case result.status
              when :passed then 'passed'
              when :pending then result.pending_exception ? 'xfailed' : 'skipped'
              else
                if result.pending_fixed then 'xpassed'
                else expected ? 'failed' : 'error'
                end
              end
    @said += 1
    message = error ? "#{error.class}: #{error.message}"[0, 1900] : result.pending_message.to_s
    say.call('finish', id: name_of(note.example), outcome: outcome, message: message.scrub,
                       ms: (result.run_time.to_f * 1000).round)
  end
  # What is outside of examples: a file that cannot be loaded, a hook of the whole run.
  define_method(:message) do |note|
    text = note.message
    next unless text.include?('An error occurred')

    missing = text[/cannot load such file -- ([\w\/.-]+)/, 1].to_s
    missing = '' if missing.start_with?('/') || Dir.glob("{lib,spec}/#{missing}{,.rb}").any?
    name = text.lines.grep(/An error occurred/).first.to_s.strip.sub(/\.( - .*)?\z/, '')
    say.call('trouble', id: name[0, 200], message: text[0, 1900].scrub, missing: missing)
  end
  define_method(:stop) { |_| nil }
  define_method(:close) do |_|
    say_lines.call
    say.call('end', tests: @said)
  end
end

$PROGRAM_NAME = 'rspec' # Under another name it does not look into spec/ by itself.
args = ARGV.dup
ARGV.clear
options = RSpec::Core::ConfigurationOptions.new(['--no-color', '--no-fail-fast', '--order', 'defined', *args])
runner = RSpec::Core::Runner.new(options)
RSpec.configuration.register_ordering(:defined, &:reverse) if orders['reversed']
runner.configure($stderr, $stdout)
RSpec.configuration.add_formatter(formatter)
status = runner.run($stderr, $stdout)
exit!(status)
